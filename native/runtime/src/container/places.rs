//! Where a profile's variables, and the volumes of a container, really are in it.

use kubefence_policy::arguments::ContainerOptions;
use kubefence_policy::passwd::{MAX_PASSWD_BYTES, find_home};
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::recorded::{RecordedPlace, RecordedPlaces};
use rustix::fs::{FileType, OFlags};

use crate::container::root::{ContainerRoot, status};
use crate::files::trusted;

/// Finds working directory and passwd home, symbolic links followed as in the container. What leads nowhere, or to a
/// place that cannot be named, is `Nowhere`.
#[must_use]
pub fn find(root: &ContainerRoot, workdir: &str, uid: u32) -> RecordedPlaces {
    let home = read_passwd(root).and_then(|passwd| find_home(&passwd, uid));
    RecordedPlaces {
        workdir: place(root, workdir.as_bytes()),
        home: home.map_or(RecordedPlace::Nowhere, |home| place(root, home.as_bytes())),
    }
}

/// The options with their paths as they really are in the container, so that an exec can refuse what a symbolic link
/// leads elsewhere by then. What stays closed, stays closed under both names.
#[must_use]
pub fn resolve(root: &ContainerRoot, options: &ContainerOptions) -> ContainerOptions {
    let real = |path: &AbsolutePath| {
        let object = root.open_following(path.as_bytes(), OFlags::PATH).ok();
        object.and_then(|object| root.path_of(&object)).unwrap_or_else(|| path.clone())
    };
    let all = |paths: &[AbsolutePath]| distinct(paths.iter().map(real).collect());
    let both = options.except.iter().cloned().chain(options.except.iter().map(real));
    ContainerOptions {
        scope_signals: options.scope_signals,
        seccomp: options.seccomp.clone(),
        read_write: all(&options.read_write),
        read_only: all(&options.read_only),
        except: distinct(both.collect()),
    }
}

fn distinct(mut paths: Vec<AbsolutePath>) -> Vec<AbsolutePath> {
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn place(root: &ContainerRoot, path: &[u8]) -> RecordedPlace {
    let directory = root.open_following(path, OFlags::PATH | OFlags::DIRECTORY).ok();
    directory.and_then(|directory| root.path_of(&directory)).map_or(RecordedPlace::Nowhere, RecordedPlace::At)
}

/// The image's passwd, if it is a regular file of a sane size: looked at before it is opened, because opening a FIFO
/// blocks and opening a device does things.
fn read_passwd(root: &ContainerRoot) -> Option<Vec<u8>> {
    const PASSWD: &[u8] = b"/etc/passwd";
    let looked_at = root.open_following(PASSWD, OFlags::PATH | OFlags::NOFOLLOW).ok()?;
    let before = status(&looked_at).ok()?;
    if FileType::from_raw_mode(before.stx_mode.into()) != FileType::RegularFile {
        return None;
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = root.open_following(PASSWD, flags).ok()?;
    let after = status(&file).ok()?;
    if (before.stx_ino, before.stx_mnt_id) != (after.stx_ino, after.stx_mnt_id) {
        return None;
    }
    trusted::read_bounded(&file, MAX_PASSWD_BYTES).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use kubefence_policy::arguments::ProfileName;

    use super::*;

    fn find_in(folder: &Path, workdir: &str, uid: u32) -> (bool, bool) {
        let places = find(&ContainerRoot::open(folder).unwrap(), workdir, uid);
        (places.workdir != RecordedPlace::Nowhere, places.home != RecordedPlace::Nowhere)
    }

    // Where they are can only be said for the root of a mount namespace: see tests/in_container.rs.
    #[test]
    fn what_is_not_there_is_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find_in(folder.path(), "/work", 0), (false, false));
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        for passwd in ["", "root:x:0:0::/root:/bin/sh\n", "root:x:0:0::../root:/bin/sh\n"] {
            fs::write(folder.path().join("etc/passwd"), passwd).unwrap();
            assert_eq!(find_in(folder.path(), "/work", 0), (false, false), "{passwd}");
        }
    }

    #[test]
    fn volumes_are_named_by_their_real_paths() {
        // Of our own mount namespace, whose root the kernel's names start at.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let inside = |name: &str| {
            AbsolutePath::parse(folder.path().join(name).as_os_str().as_encoded_bytes()).unwrap()
        };
        fs::create_dir(folder.path().join("real")).unwrap();
        symlink(folder.path().join("real"), folder.path().join("link")).unwrap();
        let root = ContainerRoot::open(Path::new("/")).unwrap();
        let options = ContainerOptions {
            scope_signals: true,
            seccomp: ProfileName::parse(b"restricted"),
            read_write: vec![inside("link"), inside("real")],
            read_only: vec![inside("absent")],
            except: vec![inside("link")],
        };
        let resolved = resolve(&root, &options);
        assert_eq!(resolved.read_write, [inside("real")]);
        assert_eq!(resolved.read_only, [inside("absent")]);
        assert_eq!(resolved.except, [inside("link"), inside("real")]);
        assert_eq!((resolved.scope_signals, &resolved.seccomp), (true, &options.seccomp));
    }

    #[test]
    fn only_a_regular_passwd_is_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc")).unwrap();
        let root = ContainerRoot::open(folder.path()).unwrap();
        let passwd = folder.path().join("etc/passwd");
        fs::write(&passwd, "content").unwrap();
        assert_eq!(read_passwd(&root).unwrap(), b"content");
        fs::write(&passwd, vec![b'x'; MAX_PASSWD_BYTES + 1]).unwrap();
        assert_eq!(read_passwd(&root), None);

        fs::remove_file(&passwd).unwrap();
        symlink("other", &passwd).unwrap();
        fs::write(folder.path().join("etc/other"), "content").unwrap();
        assert_eq!(read_passwd(&root), None);

        fs::remove_file(&passwd).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &passwd,
            FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert_eq!(read_passwd(&root), None);
    }
}
