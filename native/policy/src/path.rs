//! Absolute, clean paths as bytes. Comparisons are by component, never by string prefix.

use std::fmt;

/// Longest path that the kernel takes (`PATH_MAX`), without the final NUL.
pub const MAX_PATH_BYTES: usize = 4095;

/// An absolute path without empty, `.` or `..` components and without a trailing slash. Not necessarily
/// free of symbolic links: who resolves one says so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsolutePath(Vec<u8>);

/// Why a byte string is no clean absolute path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// The first byte is not `/`.
    Relative,
    /// It has an empty, `.` or `..` component, or ends in `/`.
    Unclean,
    /// It holds a NUL byte.
    Nul,
    /// It is longer than [`MAX_PATH_BYTES`].
    TooLong,
}

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Relative => "it is not absolute",
            Self::Unclean => "it has an empty, `.` or `..` component or a trailing `/`",
            Self::Nul => "it holds a NUL byte",
            Self::TooLong => "it is longer than 4095 bytes",
        })
    }
}

impl AbsolutePath {
    /// The path `/`.
    #[must_use]
    pub fn root() -> Self {
        Self(b"/".to_vec())
    }

    /// Takes `bytes` as they are, or says what is wrong with them.
    ///
    /// # Errors
    /// [`PathError`] unless the path is absolute and already clean.
    pub fn parse(bytes: &[u8]) -> Result<Self, PathError> {
        let Some(rest) = bytes.strip_prefix(b"/") else { return Err(PathError::Relative) };
        if bytes.len() > MAX_PATH_BYTES {
            return Err(PathError::TooLong);
        }
        if bytes.contains(&0) {
            return Err(PathError::Nul);
        }
        if !rest.is_empty() && !rest.split(|byte| *byte == b'/').all(is_name) {
            return Err(PathError::Unclean);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Takes an absolute path in any spelling that has no `..`: repeated slashes and `.` are dropped.
    #[must_use]
    pub fn normalize(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"/")?;
        let mut path = Self::root();
        for component in rest.split(|byte| *byte == b'/') {
            if !component.is_empty() && component != b"." {
                path = path.child(component)?;
            }
        }
        (path.0.len() <= MAX_PATH_BYTES).then_some(path)
    }

    /// The entry `name` of this directory; `None` when `name` is not one file name.
    #[must_use]
    pub fn child(&self, name: &[u8]) -> Option<Self> {
        if !is_name(name) || name.contains(&b'/') || name.contains(&0) {
            return None;
        }
        let above = if self.is_root() { b"" } else { self.as_bytes() };
        Some(Self([above, name].join(&b'/')))
    }

    /// The directory that holds this entry; `/` is its own parent.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self.0.iter().rposition(|byte| *byte == b'/') {
            None | Some(0) => Self::root(),
            Some(slash) => Self(self.0[..slash].to_vec()),
        }
    }

    /// The name of this entry in its directory; `/` has none.
    #[must_use]
    pub fn name(&self) -> Option<&[u8]> {
        let slash = self.0.iter().rposition(|byte| *byte == b'/')?;
        Some(&self.0[slash + 1..]).filter(|name| !name.is_empty())
    }

    /// The components below `/`, none for `/` itself.
    pub fn components(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b'/').filter(|component| !component.is_empty())
    }

    /// True for `/`.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0 == b"/"
    }

    /// True when this path is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || self
                .0
                .strip_prefix(other.0.as_slice())
                .is_some_and(|rest| rest.first().is_none_or(|byte| *byte == b'/'))
    }

    /// True when this path lies below `other` and is not `other`.
    #[must_use]
    pub fn is_below(&self, other: &Self) -> bool {
        self != other && self.is_within(other)
    }

    /// The path as bytes, starting with `/`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for AbsolutePath {
    /// Control characters and bytes outside ASCII are escaped, so that a message stays one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.escape_ascii())
    }
}

fn is_name(component: &[u8]) -> bool {
    !matches!(component, b"" | b"." | b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsolutePath {
        AbsolutePath::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn only_clean_absolute_paths_parse() {
        for clean in ["/", "/a", "/a/b c", "/..a", "/a/...", "/\u{e4}"] {
            assert!(AbsolutePath::parse(clean.as_bytes()).is_ok(), "{clean}");
        }
        for (bytes, error) in [
            (&b""[..], PathError::Relative),
            (b"a", PathError::Relative),
            (b"//", PathError::Unclean),
            (b"/a/", PathError::Unclean),
            (b"/a//b", PathError::Unclean),
            (b"/.", PathError::Unclean),
            (b"/a/../b", PathError::Unclean),
            (b"/a\0", PathError::Nul),
        ] {
            assert_eq!(AbsolutePath::parse(bytes), Err(error), "{}", bytes.escape_ascii());
        }
        let long = [b"/".as_slice(), &[b'a'; MAX_PATH_BYTES]].concat();
        assert_eq!(AbsolutePath::parse(&long), Err(PathError::TooLong));
        assert!(AbsolutePath::parse(&long[..MAX_PATH_BYTES]).is_ok());
    }

    #[test]
    fn normalize_drops_slashes_and_dots_and_refuses_dot_dot() {
        assert_eq!(AbsolutePath::normalize(b"//a/./b/"), Some(path("/a/b")));
        assert_eq!(AbsolutePath::normalize(b"/"), Some(AbsolutePath::root()));
        for bad in [&b"/a/.."[..], b"a", b"", b"/a\0b"] {
            assert_eq!(AbsolutePath::normalize(bad), None);
        }
    }

    #[test]
    fn within_is_by_component() {
        assert!(path("/etc/ssh").is_within(&path("/etc")));
        assert!(path("/etc").is_within(&path("/etc")));
        assert!(path("/etc").is_within(&path("/")));
        assert!(path("/").is_within(&path("/")));
        assert!(!path("/etcetera").is_within(&path("/etc")));
        assert!(!path("/").is_within(&path("/etc")));
        assert!(!path("/etc").is_below(&path("/etc")));
        assert!(path("/etc").is_below(&path("/")));
    }

    #[test]
    fn child_name_and_parent() {
        assert_eq!(path("/").name(), None);
        assert_eq!(path("/a").name(), Some(&b"a"[..]));
        assert_eq!(path("/a/b").name(), Some(&b"b"[..]));
        assert_eq!(path("/").child(b"a"), Some(path("/a")));
        assert_eq!(path("/a").child(b"b"), Some(path("/a/b")));
        for bad in [&b""[..], b".", b"..", b"a/b", b"a\0"] {
            assert_eq!(path("/").child(bad), None);
        }
        assert_eq!(path("/a/b").parent(), path("/a"));
        assert_eq!(path("/a").parent(), path("/"));
        assert_eq!(path("/").parent(), path("/"));
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let texts = [PathError::Relative, PathError::Unclean, PathError::Nul, PathError::TooLong]
            .map(|error| error.to_string());
        for (text, part) in texts.iter().zip(["absolute", "component", "NUL", "4095"]) {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn display_stays_on_one_line() {
        assert_eq!(AbsolutePath::parse(b"/a\n\xff").unwrap().to_string(), "/a\\n\\xff");
    }
}
