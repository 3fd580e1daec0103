//! What no grant covers: the profile's exceptions, looked up in this container.

use kubefence_policy::path::AbsolutePath;
use kubefence_policy::pattern::{ComponentPattern, PathPattern};

use crate::walk::{Kind, Place, WalkError, Walker};

/// Real paths that stay closed, whatever is granted above them.
///
/// Only what exists at the start is here: an exception that matches nothing has nothing to hide, and
/// would otherwise keep a writable directory from getting new files.
#[derive(Debug, Default)]
pub struct Exclusions {
    /// In byte order, so that what lies below a path is one run.
    paths: Vec<AbsolutePath>,
}

impl Exclusions {
    /// Looks up `patterns`. Each match counts twice: by the name that the pattern leads to, and by where
    /// that really is. A directory that would have to be searched or listed, and that the process may
    /// not, is closed as a whole.
    ///
    /// # Errors
    /// [`WalkError::TooManyEntries`] and [`WalkError::Failed`]: then nobody knows what must stay closed.
    pub fn find(walker: &Walker, patterns: &[PathPattern]) -> Result<Self, WalkError> {
        let mut tree = Node::default();
        for pattern in patterns {
            tree.insert(pattern.components());
        }
        let mut exclusions = Self::default();
        if tree.is_end {
            exclusions.paths.push(AbsolutePath::root());
        }
        exclusions.search(walker, &walker.root()?, &tree)?;
        exclusions.paths.sort_unstable();
        exclusions.paths.dedup();
        Ok(exclusions)
    }

    /// True when `path` is closed itself or lies in something closed.
    #[must_use]
    pub fn cover(&self, path: &AbsolutePath) -> bool {
        let mut ancestor = path.clone();
        loop {
            if self.paths.binary_search(&ancestor).is_ok() {
                return true;
            }
            if ancestor.is_root() {
                return false;
            }
            ancestor = ancestor.parent();
        }
    }

    /// True when something below `path` is closed, so that `path` cannot be granted as a whole.
    #[must_use]
    pub fn reach_below(&self, path: &AbsolutePath) -> bool {
        if path.is_root() {
            return !self.paths.is_empty();
        }
        let below = [path.as_bytes(), b"/"].concat();
        let first = self.paths.partition_point(|closed| closed.as_bytes() < below.as_slice());
        self.paths.get(first).is_some_and(|closed| closed.as_bytes().starts_with(&below))
    }

    fn search(&mut self, walker: &Walker, directory: &Place, node: &Node) -> Result<(), WalkError> {
        let mut listing = None;
        for (component, child) in &node.children {
            let closed = match component {
                ComponentPattern::Literal(name) => self.visit(walker, directory, name, child)?,
                ComponentPattern::Glob(_) => {
                    self.visit_matches(walker, directory, component, child, &mut listing)?
                }
            };
            if closed {
                return Ok(());
            }
        }
        Ok(())
    }

    fn visit_matches(
        &mut self,
        walker: &Walker,
        directory: &Place,
        component: &ComponentPattern,
        child: &Node,
        listing: &mut Option<Vec<Vec<u8>>>,
    ) -> Result<bool, WalkError> {
        if listing.is_none() {
            match walker.list(directory) {
                Ok(names) => *listing = Some(names),
                Err(error) => return self.close_unreachable(error),
            }
        }
        for name in listing.iter().flatten().filter(|name| component.matches(name)) {
            if self.visit(walker, directory, name, child)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Answers true when `directory` turned out to be closed to the process as a whole.
    fn visit(
        &mut self,
        walker: &Walker,
        directory: &Place,
        name: &[u8],
        child: &Node,
    ) -> Result<bool, WalkError> {
        let entry = match walker.entry(directory, name) {
            Ok(entry) => entry,
            Err(error) => return self.close_unreachable(error),
        };
        if child.is_end {
            self.paths.push(entry.path.clone());
        }
        let target = match entry.kind {
            Kind::Symlink => match walker.resolve(&entry.path) {
                Ok(target) => target,
                Err(error) => {
                    self.close_unreachable(error)?;
                    return Ok(false);
                }
            },
            _ => entry,
        };
        if child.is_end {
            self.paths.push(target.path.clone());
        }
        if target.kind == Kind::Directory {
            self.search(walker, &target, child)?;
        }
        Ok(false)
    }

    fn close_unreachable(&mut self, error: WalkError) -> Result<bool, WalkError> {
        match error {
            WalkError::Missing => Ok(false),
            WalkError::Unreachable(directory) => {
                self.paths.push(directory);
                Ok(true)
            }
            error => Err(error),
        }
    }
}

/// The patterns as one tree, so that 200 of them search each directory once.
#[derive(Default)]
struct Node {
    is_end: bool,
    children: Vec<(ComponentPattern, Node)>,
}

impl Node {
    fn insert(&mut self, components: &[ComponentPattern]) {
        let Some((first, rest)) = components.split_first() else {
            self.is_end = true;
            return;
        };
        let index = self.children.iter().position(|(component, _)| component == first).unwrap_or_else(|| {
            self.children.push((first.clone(), Self::default()));
            self.children.len() - 1
        });
        self.children[index].1.insert(rest);
    }
}

#[cfg(test)]
#[path = "exclusions_tests.rs"]
mod tests;
