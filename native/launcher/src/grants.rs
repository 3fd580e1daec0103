//! From a manifest's grants to Landlock rules: which objects get which access, around what stays closed.

use kubefence_policy::manifest::Access;
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::pattern::{ComponentPattern, PathPattern};

use crate::exclusions::Exclusions;
use crate::place::{Kind, Place};
use crate::walk::{WalkError, Walker, skip_absent};

/// What one rule allows on an object and, for a directory, on everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// A grant's access.
    Access(Access),
    /// The names in a directory that is granted entry by entry.
    ListOnly,
}

/// Takes the rules; the kernel's ruleset, or a list in tests.
pub trait RuleSink {
    /// What adding a rule can fail with.
    type Error;

    /// Adds one rule.
    ///
    /// # Errors
    /// The sink's own.
    fn allow(&mut self, place: &Place, rights: Rights) -> Result<(), Self::Error>;
}

/// Why granting stopped.
#[derive(Debug)]
pub enum GrantError<E> {
    /// A lookup failed in a way that leaves it unknown what is there.
    Walk(WalkError),
    /// The sink refused a rule.
    Sink(E),
}

impl<E> From<WalkError> for GrantError<E> {
    fn from(error: WalkError) -> Self {
        Self::Walk(error)
    }
}

/// The objects that `pattern` leads to; what is missing or out of the process's reach is skipped.
///
/// # Errors
/// [`WalkError::TooManyEntries`] and [`WalkError::Failed`].
pub fn find(walker: &Walker, pattern: &PathPattern) -> Result<Vec<Place>, WalkError> {
    let mut found = vec![AbsolutePath::root()];
    for component in pattern.components() {
        let mut next = Vec::new();
        for path in &found {
            match component {
                ComponentPattern::Literal(name) => next.extend(path.child(name)),
                ComponentPattern::Glob(_) => next.extend(list_matches(walker, path, &component)?),
            }
        }
        found = next;
    }
    found.iter().filter_map(|path| skip_absent(walker.resolve(path)).transpose()).collect()
}

fn list_matches(
    walker: &Walker,
    path: &AbsolutePath,
    component: &ComponentPattern<'_>,
) -> Result<Vec<AbsolutePath>, WalkError> {
    let listing = match walker.known_listing(path) {
        Some(listing) => Some(listing),
        None => match skip_absent(walker.resolve(path))? {
            Some(directory) => skip_absent(walker.list(&directory))?,
            None => None,
        },
    };
    let Some(listing) = listing else { return Ok(Vec::new()) };
    Ok(listing
        .iter()
        .map(|listed| listed.name)
        .filter(|name| component.matches(name))
        .filter_map(|name| path.child(name))
        .collect())
}

/// Grants `access` to `place`, entry by entry where something below it stays closed.
///
/// # Errors
/// [`GrantError`]
pub fn grant<S: RuleSink>(
    walker: &Walker,
    exclusions: &Exclusions,
    place: &Place,
    access: Access,
    sink: &mut S,
) -> Result<(), GrantError<S::Error>> {
    if exclusions.cover(&place.path) {
        return Ok(());
    }
    grant_open(walker, exclusions, place, access, sink)
}

/// Grants a place that is not closed itself.
fn grant_open<S: RuleSink>(
    walker: &Walker,
    exclusions: &Exclusions,
    place: &Place,
    access: Access,
    sink: &mut S,
) -> Result<(), GrantError<S::Error>> {
    if place.kind != Kind::Directory || !exclusions.reach_below(&place.path) {
        return sink.allow(place, Rights::Access(access)).map_err(GrantError::Sink);
    }
    let Some(listing) = skip_absent(walker.list(place))? else { return Ok(()) };
    // A rule on the directory itself would also hold for what stays closed in it. Its names may be seen,
    // except in `/`, where that right would reach the launcher's own directory.
    if access != Access::Write && !place.path.is_root() {
        sink.allow(place, Rights::ListOnly).map_err(GrantError::Sink)?;
    }
    for listed in listing.iter().filter(|listed| listed.kind != Some(Kind::Symlink)) {
        let Some(path) = place.path.child(listed.name).filter(|path| !exclusions.is_closed(path)) else {
            continue;
        };
        if let Some(entry) = skip_absent(walker.entry(place, path, listed.kind))? {
            grant_open(walker, exclusions, &entry, access, sink)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "grants_tests.rs"]
mod tests;
