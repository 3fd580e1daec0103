//! Paths whose components may hold `*`, which matches any run of bytes within one component.

use crate::path::AbsolutePath;

/// One component of a [`PathPattern`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComponentPattern<'a> {
    /// Exactly this name.
    Literal(&'a [u8]),
    /// A name with at least one `*`.
    Glob(&'a [u8]),
}

impl ComponentPattern<'_> {
    /// True when the file name `name` matches. A leading dot is an ordinary byte: an exception for
    /// `/home/*/.ssh` also holds for a home that is hidden.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Literal(literal) => *literal == name,
            Self::Glob(glob) => glob_matches(glob, name),
        }
    }
}

/// An absolute path pattern, every variable already replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    bytes: Vec<u8>,
    /// As many bytes from the start are a real path, in which `*` is an ordinary byte.
    literal_bytes: usize,
}

impl PathPattern {
    /// The pattern `rest` below `base`: clean components, each with a `/` before it, or nothing.
    #[must_use]
    pub fn below(base: &AbsolutePath, rest: &[u8]) -> Self {
        let base = if base.is_root() { b"" } else { base.as_bytes() };
        Self { bytes: [base, rest].concat(), literal_bytes: base.len() }
    }

    /// The pattern that matches `path` alone, whatever bytes it holds.
    #[must_use]
    pub fn literal(path: &AbsolutePath) -> Self {
        Self::below(path, b"")
    }

    /// The components below `/`.
    pub fn components(&self) -> impl Iterator<Item = ComponentPattern<'_>> {
        let mut end = 0;
        let all = self.bytes.split(|byte| *byte == b'/').map(move |name| {
            end += name.len();
            let is_literal = end <= self.literal_bytes || !name.contains(&b'*');
            end += 1;
            if is_literal { ComponentPattern::Literal(name) } else { ComponentPattern::Glob(name) }
        });
        // What stands before the first slash.
        all.skip(1)
    }

    /// True when a path that matches this pattern is `path` itself or lies below it.
    #[must_use]
    pub fn is_within(&self, path: &AbsolutePath) -> bool {
        let mut own = self.components();
        path.components().all(|name| own.next().is_some_and(|component| component.matches(name)))
    }

    /// True when `path` matches component by component.
    #[must_use]
    pub fn matches(&self, path: &AbsolutePath) -> bool {
        self.is_within(path) && path.components().count() == self.components().count()
    }
}

/// Never backtracks past the last star, so a hostile name costs at most both lengths multiplied.
fn glob_matches(glob: &[u8], name: &[u8]) -> bool {
    let (mut at_glob, mut at_name) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while at_name < name.len() {
        if glob.get(at_glob) == Some(&b'*') {
            last_star = Some((at_glob + 1, at_name));
            at_glob += 1;
        } else if glob.get(at_glob) == Some(&name[at_name]) {
            at_glob += 1;
            at_name += 1;
        } else if let Some((after_star, taken)) = last_star {
            last_star = Some((after_star, taken + 1));
            at_glob = after_star;
            at_name = taken + 1;
        } else {
            return false;
        }
    }
    glob[at_glob..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str, name: &str) -> bool {
        ComponentPattern::Glob(pattern.as_bytes()).matches(name.as_bytes())
    }

    #[test]
    fn star_matches_any_run_within_a_component() {
        assert!(glob("*", "a"));
        assert!(glob("*", ".hidden"));
        assert!(glob("ssh_host_*_key", "ssh_host_ed25519_key"));
        assert!(glob("ssh_host_*_key", "ssh_host__key"));
        assert!(glob("*a*a*", "banana"));
        assert!(glob("a**", "a"));
        assert!(!glob("ssh_host_*_key", "ssh_host_rsa_key.pub"));
        assert!(!glob("*.pem", "pem"));
        assert!(!glob("a*", "ba"));
    }

    #[test]
    fn a_long_glob_ends() {
        let name = "a".repeat(255);
        assert!(!glob(&format!("{}b", "a*".repeat(100)), &name));
    }

    #[test]
    fn a_star_in_the_base_is_an_ordinary_byte() {
        use ComponentPattern::{Glob, Literal};
        let base = AbsolutePath::parse(b"/a*/b").unwrap();
        let pattern = PathPattern::below(&base, b"/c*/d");
        let components: Vec<_> = pattern.components().collect();
        assert_eq!(components, [Literal(b"a*"), Literal(b"b"), Glob(b"c*"), Literal(b"d")]);
    }

    #[test]
    fn patterns_match_component_by_component() {
        let pattern = PathPattern::below(&AbsolutePath::root(), b"/home/*/.ssh");
        let matches = |text: &str| pattern.matches(&AbsolutePath::parse(text.as_bytes()).unwrap());
        assert!(matches("/home/a/.ssh"));
        assert!(!matches("/home/a"));
        assert!(!matches("/home/a/b/.ssh"));
        assert!(!matches("/home/a/.ssh/id"));
        assert!(PathPattern::literal(&AbsolutePath::root()).matches(&AbsolutePath::root()));
        assert_eq!(PathPattern::literal(&AbsolutePath::root()).components().count(), 0);

        let within = |text: &str| pattern.is_within(&AbsolutePath::parse(text.as_bytes()).unwrap());
        assert!(within("/"));
        assert!(within("/home/a"));
        assert!(within("/home/a/.ssh"));
        assert!(!within("/home/a/.ssh/id"));
        assert!(!within("/var"));
    }
}
