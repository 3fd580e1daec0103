//! Paths whose components may hold `*`, which matches any run of bytes within one component.

use crate::path::AbsolutePath;

/// One component of a [`PathPattern`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentPattern {
    /// Exactly this name.
    Literal(Vec<u8>),
    /// A name with at least one `*`.
    Glob(Vec<u8>),
}

impl ComponentPattern {
    /// True when the file name `name` matches. A leading dot is an ordinary byte: an exception for
    /// `/home/*/.ssh` also holds for a home that is hidden.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Literal(literal) => literal == name,
            Self::Glob(glob) => glob_matches(glob, name),
        }
    }
}

/// An absolute path pattern, every variable already replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    components: Vec<ComponentPattern>,
}

impl PathPattern {
    /// The pattern of these components below `/`; none stands for `/`.
    #[must_use]
    pub fn new(components: Vec<ComponentPattern>) -> Self {
        Self { components }
    }

    /// The pattern that matches `path` alone, whatever bytes it holds.
    #[must_use]
    pub fn literal(path: &AbsolutePath) -> Self {
        Self { components: path.components().map(|name| ComponentPattern::Literal(name.to_vec())).collect() }
    }

    /// The components below `/`.
    #[must_use]
    pub fn components(&self) -> &[ComponentPattern] {
        &self.components
    }

    /// True when a path that matches this pattern is `path` itself or lies below it.
    #[must_use]
    pub fn is_within(&self, path: &AbsolutePath) -> bool {
        let mut own = self.components.iter();
        path.components().all(|name| own.next().is_some_and(|component| component.matches(name)))
    }

    /// True when `path` matches component by component.
    #[must_use]
    pub fn matches(&self, path: &AbsolutePath) -> bool {
        let mut names = path.components();
        self.components.iter().all(|component| names.next().is_some_and(|name| component.matches(name)))
            && names.next().is_none()
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
        ComponentPattern::Glob(pattern.into()).matches(name.as_bytes())
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
    fn patterns_match_component_by_component() {
        let pattern = PathPattern::new(vec![
            ComponentPattern::Literal(b"home".to_vec()),
            ComponentPattern::Glob(b"*".to_vec()),
            ComponentPattern::Literal(b".ssh".to_vec()),
        ]);
        let matches = |text: &str| pattern.matches(&AbsolutePath::parse(text.as_bytes()).unwrap());
        assert!(matches("/home/a/.ssh"));
        assert!(!matches("/home/a"));
        assert!(!matches("/home/a/b/.ssh"));
        assert!(!matches("/home/a/.ssh/id"));
        assert!(PathPattern::new(vec![]).matches(&AbsolutePath::root()));

        let within = |text: &str| pattern.is_within(&AbsolutePath::parse(text.as_bytes()).unwrap());
        assert!(within("/"));
        assert!(within("/home/a"));
        assert!(within("/home/a/.ssh"));
        assert!(!within("/home/a/.ssh/id"));
        assert!(!within("/var"));
    }
}
