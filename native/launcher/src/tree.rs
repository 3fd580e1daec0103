//! A throw-away folder that stands for a container's root in unit tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use kubefence_policy::path::AbsolutePath;
use kubefence_policy::pattern::PathPattern;
use kubefence_policy::template::{PathTemplate, Variables};

use crate::walk::Walker;

pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    /// Entries: `a/b` a file, `a/b/` a directory, `a -> b` a symbolic link. Parents are made as needed.
    pub fn of(entries: &[&str]) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for entry in entries {
            match entry.split_once(" -> ") {
                Some((link, target)) => symlink(target, tree.make_parent(link)).unwrap(),
                None if entry.ends_with('/') => fs::create_dir_all(tree.make_parent(entry)).unwrap(),
                None => fs::write(tree.make_parent(entry), entry).unwrap(),
            }
        }
        tree
    }

    pub fn host_path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    pub fn walker(&self) -> Walker {
        Walker::new(self.folder.path()).unwrap()
    }

    fn make_parent(&self, entry: &str) -> PathBuf {
        let path = self.host_path(entry);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

pub(crate) fn path(text: &str) -> AbsolutePath {
    AbsolutePath::parse(text.as_bytes()).unwrap()
}

pub(crate) fn pattern(text: &str) -> PathPattern {
    PathTemplate::parse(text).unwrap().resolve(&Variables::default()).unwrap()
}
