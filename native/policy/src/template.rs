//! Paths as manifests spell them: absolute, or starting with `$WORKDIR` or `$HOME`, with `$UID` and `*`
//! anywhere.

use std::fmt;

use crate::path::{AbsolutePath, MAX_PATH_BYTES};
use crate::pattern::PathPattern;

/// Where a template starts, and with it who chose the place: the operator who wrote the profile, or the
/// pod and image through a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// `/`: the profile names the place.
    Root,
    /// `$WORKDIR`: the process's working directory, which the pod spec names.
    Workdir,
    /// `$HOME`: the passwd home of the process's uid, which the image names.
    Home,
}

/// What the variables stand for in one container. `None`: unknown here, so nothing uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    /// The process's working directory.
    pub workdir: Option<AbsolutePath>,
    /// The passwd home of the process's uid.
    pub home: Option<AbsolutePath>,
    /// The process's uid.
    pub uid: u32,
}

/// A path of a manifest before its variables are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    base: Base,
    /// Below the base, each component with a `/` before it; may hold `$UID` and `*`.
    rest: String,
}

/// Why a manifest's path is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateError {
    /// It starts neither with `/` nor with `$WORKDIR` or `$HOME`.
    NotAbsolute,
    /// It has an empty, `.` or `..` component, a trailing `/` or a control character.
    Unclean,
    /// A `$` that starts none of the variables known at that place.
    UnknownVariable,
    /// It is longer than the kernel takes.
    TooLong,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotAbsolute => "it starts neither with / nor with $WORKDIR or $HOME",
            Self::Unclean => "it has an empty, `.` or `..` component, a trailing `/` or a control character",
            Self::UnknownVariable => {
                "the only variables are $WORKDIR and $HOME as its first component and $UID anywhere"
            }
            Self::TooLong => "it is longer than 4095 bytes",
        })
    }
}

impl PathTemplate {
    /// Reads a manifest's path.
    ///
    /// # Errors
    /// [`TemplateError`] for anything but a clean absolute path with the known variables.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_PATH_BYTES {
            return Err(TemplateError::TooLong);
        }
        let (first, rest) = text.split_at(text.find('/').unwrap_or(text.len()));
        let base = match first {
            "" if !rest.is_empty() => Base::Root,
            "$WORKDIR" => Base::Workdir,
            "$HOME" => Base::Home,
            _ if first.starts_with('$') => return Err(TemplateError::UnknownVariable),
            _ => return Err(TemplateError::NotAbsolute),
        };
        if base == Base::Root && rest == "/" {
            return Ok(Self { base, rest: String::new() });
        }
        rest.split('/').skip(1).try_for_each(check_component)?;
        Ok(Self { base, rest: rest.to_owned() })
    }

    /// Where the template starts.
    #[must_use]
    pub fn base(&self) -> Base {
        self.base
    }

    /// The template with its variables replaced; `None` when a variable is unknown here.
    #[must_use]
    pub fn resolve(&self, variables: &Variables) -> Option<PathPattern> {
        let root = AbsolutePath::root();
        let base = match self.base {
            Base::Root => &root,
            Base::Workdir => variables.workdir.as_ref()?,
            Base::Home => variables.home.as_ref()?,
        };
        if self.rest.contains('$') {
            let rest = self.rest.replace("$UID", &variables.uid.to_string());
            return Some(PathPattern::below(base, rest.as_bytes()));
        }
        Some(PathPattern::below(base, self.rest.as_bytes()))
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = match self.base {
            Base::Root => "",
            Base::Workdir => "$WORKDIR",
            Base::Home => "$HOME",
        };
        if self.rest.is_empty() && self.base == Base::Root {
            return formatter.write_str("/");
        }
        write!(formatter, "{base}{}", self.rest)
    }
}

fn check_component(component: &str) -> Result<(), TemplateError> {
    if matches!(component, "" | "." | "..") || component.chars().any(char::is_control) {
        return Err(TemplateError::Unclean);
    }
    // `$UIDX` would be another variable's name, so it is not read as `$UID` followed by X.
    let mut rest = component;
    while let Some(dollar) = rest.find('$') {
        let after = rest[dollar..].strip_prefix("$UID").ok_or(TemplateError::UnknownVariable)?;
        if after.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_') {
            return Err(TemplateError::UnknownVariable);
        }
        rest = after;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        Variables {
            workdir: AbsolutePath::normalize(b"/srv/a*b"),
            home: AbsolutePath::normalize(b"/home/app"),
            uid: 1000,
        }
    }

    fn resolves(template: &str, path: &str) -> bool {
        let pattern = PathTemplate::parse(template).unwrap().resolve(&variables()).unwrap();
        pattern.matches(&AbsolutePath::parse(path.as_bytes()).unwrap())
    }

    #[test]
    fn variables_are_replaced() {
        assert!(resolves("/", "/"));
        assert!(resolves("$WORKDIR", "/srv/a*b"));
        assert!(!resolves("$WORKDIR", "/srv/axb"), "a star in the working directory is no glob");
        assert!(resolves("$HOME/.ssh", "/home/app/.ssh"));
        assert!(resolves("/run/user/$UID", "/run/user/1000"));
        assert!(resolves("/tmp/$UID-$UID.*", "/tmp/1000-1000.sock"));
        assert!(resolves("/home/*/.ssh", "/home/b/.ssh"));
    }

    #[test]
    fn unknown_variables_leave_the_template_unused() {
        let none = Variables { uid: 7, ..Variables::default() };
        assert_eq!(PathTemplate::parse("$HOME").unwrap().resolve(&none), None);
        assert_eq!(PathTemplate::parse("$WORKDIR/x").unwrap().resolve(&none), None);
        assert!(PathTemplate::parse("/run/$UID").unwrap().resolve(&none).is_some());
    }

    #[test]
    fn anything_else_is_refused() {
        use TemplateError::{NotAbsolute, TooLong, Unclean, UnknownVariable};
        let long = format!("/{}", "a".repeat(MAX_PATH_BYTES));
        for (text, error) in [
            ("", NotAbsolute),
            ("a", NotAbsolute),
            ("~/.ssh", NotAbsolute),
            ("//", Unclean),
            ("/a/", Unclean),
            ("/a//b", Unclean),
            ("/../a", Unclean),
            ("/a\n", Unclean),
            ("/a\0", Unclean),
            ("$HOME/", Unclean),
            ("$TMPDIR", UnknownVariable),
            ("$HOMEX", UnknownVariable),
            ("/a/$HOME", UnknownVariable),
            ("/a/$", UnknownVariable),
            ("/a/$UIDX", UnknownVariable),
            ("/a/${UID}", UnknownVariable),
            ("$UID", UnknownVariable),
            (long.as_str(), TooLong),
        ] {
            assert_eq!(PathTemplate::parse(text), Err(error), "{text:?}");
        }
        assert!(PathTemplate::parse(&long[..MAX_PATH_BYTES]).is_ok());
        assert!(TooLong.to_string().contains("4095") && UnknownVariable.to_string().contains("$UID"));
    }

    #[test]
    fn display_is_the_manifests_spelling() {
        for text in ["/", "/a/*", "$HOME", "$WORKDIR/x", "/run/user/$UID"] {
            assert_eq!(PathTemplate::parse(text).unwrap().to_string(), text);
        }
    }
}
