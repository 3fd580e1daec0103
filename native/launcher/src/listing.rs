//! The names in a directory, as they were when it was listed.

use crate::place::Kind;

/// A name that a directory lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed<'a> {
    /// The file name.
    pub name: &'a [u8],
    /// What the listing says it is; `None` on file systems that do not say.
    pub kind: Option<Kind>,
}

/// All names of one directory, in one piece of memory: `/etc` alone has hundreds, and a piece for each would
/// cost more than reading them.
#[derive(Debug, PartialEq, Eq)]
pub struct Listing {
    names: Vec<u8>,
    /// Where each name ends, and what it is.
    entries: Vec<(usize, Option<Kind>)>,
}

impl Listing {
    /// A listing without names, with room for those of a small directory.
    #[must_use]
    pub fn empty() -> Self {
        Self { names: Vec::with_capacity(256), entries: Vec::with_capacity(32) }
    }

    /// Adds a name.
    pub fn push(&mut self, name: &[u8], kind: Option<Kind>) {
        self.names.extend_from_slice(name);
        self.entries.push((self.names.len(), kind));
    }

    /// The names, in the directory's order.
    pub fn iter(&self) -> impl Iterator<Item = Listed<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |(end, kind)| {
            let name = &self.names[start..*end];
            start = *end;
            Listed { name, kind: *kind }
        })
    }
}
