//! What no grant covers: the profile's exceptions, looked up in this container.

use kubefence_policy::path::AbsolutePath;
use kubefence_policy::pattern::{ComponentPattern, PathPattern};

use crate::listing::Listed;
use crate::place::{Kind, Place};
use crate::walk::{WalkError, Walker};

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

    /// True when exactly `path` is closed.
    #[must_use]
    pub fn is_closed(&self, path: &AbsolutePath) -> bool {
        self.paths.binary_search(path).is_ok()
    }

    /// True when `path` is closed itself or lies in something closed.
    #[must_use]
    pub fn cover(&self, path: &AbsolutePath) -> bool {
        let mut ancestor = path.clone();
        loop {
            if self.is_closed(&ancestor) {
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
        // In byte order `/a-b` comes between `/a` and `/a/b`.
        let above = path.as_bytes();
        let first =
            self.paths.partition_point(|closed| match closed.as_bytes().split_at_checked(above.len()) {
                Some((head, rest)) => head < above || (head == above && rest < b"/".as_slice()),
                None => closed < path,
            });
        self.paths.get(first).is_some_and(|closed| closed.is_below(path))
    }

    fn search(&mut self, walker: &Walker, directory: &Place, node: &Node<'_>) -> Result<(), WalkError> {
        if node.is_better_listed() {
            match walker.list(directory) {
                Ok(listing) => {
                    for listed in listing.iter() {
                        for child in node.matching(listed.name) {
                            self.add(walker, directory, listed, child)?;
                        }
                    }
                    return Ok(());
                }
                // Names can be tried one by one where a listing is refused. A `*` cannot.
                Err(WalkError::Unreachable(_)) if node.globs.0.is_empty() => {}
                Err(error) => return self.close_unreachable(error),
            }
        }
        for (name, child) in &node.literals.0 {
            match walker.entry_kind(directory, name) {
                Ok(kind) => self.add(walker, directory, Listed { name, kind: Some(kind) }, child)?,
                Err(error) => self.close_unreachable(error)?,
            }
        }
        Ok(())
    }

    /// Takes in one entry that the pattern up to `node` matches.
    fn add(
        &mut self,
        walker: &Walker,
        directory: &Place,
        listed: Listed<'_>,
        node: &Node<'_>,
    ) -> Result<(), WalkError> {
        let Some(path) = directory.path.child(listed.name) else { return Ok(()) };
        if node.is_end {
            self.paths.push(path.clone());
        }
        let found = match listed.kind {
            Some(Kind::File) => return Ok(()),
            Some(Kind::Directory) if node.is_leaf() || node.finds_nothing(walker, directory, listed.name) => {
                return Ok(());
            }
            Some(Kind::Directory) => walker.entry(directory, path, listed.kind),
            Some(Kind::Symlink) | None => walker.resolve(&path),
        };
        let target = match found {
            Ok(target) => target,
            Err(error) => return self.close_unreachable(error),
        };
        if node.is_end {
            self.paths.push(target.path.clone());
        }
        if target.kind == Kind::Directory { self.search(walker, &target, node) } else { Ok(()) }
    }

    /// A directory that the process may not search hides what is in it: it stays closed as a whole.
    fn close_unreachable(&mut self, error: WalkError) -> Result<(), WalkError> {
        match error {
            WalkError::Missing => Ok(()),
            WalkError::Unreachable(directory) => {
                self.paths.push(directory);
                Ok(())
            }
            error => Err(error),
        }
    }
}

/// The patterns as one tree, so that 200 of them search each directory once.
#[derive(Default)]
struct Node<'a> {
    is_end: bool,
    literals: Children<'a>,
    globs: Children<'a>,
}

/// In byte order. Most nodes have one child; a map of the standard library makes room for eleven at once.
#[derive(Default)]
struct Children<'a>(Vec<(&'a [u8], Node<'a>)>);

impl<'a> Children<'a> {
    fn get(&self, name: &[u8]) -> Option<&Node<'a>> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| name).ok()?;
        Some(&self.0[at].1)
    }

    fn get_or_insert(&mut self, name: &'a [u8]) -> &mut Node<'a> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| name).unwrap_or_else(|at| {
            self.0.insert(at, (name, Node::default()));
            at
        });
        &mut self.0[at].1
    }
}

/// From this many names on, one listing costs less than trying each.
const NAMES_WORTH_A_LISTING: usize = 6;

impl<'a> Node<'a> {
    fn is_leaf(&self) -> bool {
        self.literals.0.is_empty() && self.globs.0.is_empty()
    }

    fn is_better_listed(&self) -> bool {
        self.literals.0.len() >= NAMES_WORTH_A_LISTING || !self.globs.0.is_empty()
    }

    /// True when the entry `name` of `directory` certainly has nothing that this node looks for.
    fn finds_nothing(&self, walker: &Walker, directory: &Place, name: &[u8]) -> bool {
        !self.is_better_listed()
            && walker.holds_none(directory, name, self.literals.0.iter().map(|(name, _)| *name))
    }

    fn insert(&mut self, mut components: impl Iterator<Item = ComponentPattern<'a>>) {
        match components.next() {
            None => self.is_end = true,
            Some(ComponentPattern::Literal(name)) => {
                self.literals.get_or_insert(name).insert(components);
            }
            Some(ComponentPattern::Glob(glob)) => self.globs.get_or_insert(glob).insert(components),
        }
    }

    fn matching<'b>(&'b self, name: &'b [u8]) -> impl Iterator<Item = &'b Self> {
        let by_glob = self.globs.0.iter().filter(|(glob, _)| ComponentPattern::Glob(glob).matches(name));
        self.literals.get(name).into_iter().chain(by_glob.map(|(_, node)| node))
    }
}

#[cfg(test)]
#[path = "exclusions_tests.rs"]
mod tests;
