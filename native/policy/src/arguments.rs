//! The launcher's command line: `wrap --profile NAME [OPTIONS] -- COMMAND [ARGS]`, `--probe`, `--version`.

use std::fmt;

use crate::path::AbsolutePath;
use crate::recorded::{Digest, RecordedPlace, RecordedPlaces};

/// What the launcher is asked to do.
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Print which program and version this is.
    Version,
    /// Print what Landlock can do on this kernel.
    Probe,
    /// Restrict and become a command.
    Wrap(Wrap),
}

/// The arguments of `wrap`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrap {
    /// Which manifest.
    pub profile: ProfileName,
    /// Which bytes it must be; `None` takes whatever is installed under the name.
    pub digest: Option<Digest>,
    /// What holds for this one container.
    pub options: ContainerOptions,
    /// Where the profile's variables may still lead.
    pub places: RecordedPlaces,
    /// Where the command starts in the argument vector that was parsed.
    pub command_index: usize,
}

/// What holds for one container beside its profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerOptions {
    /// The pid namespace is shared, so signals stay within the sandbox.
    pub scope_signals: bool,
    /// Which seccomp policy is stacked on the container's own.
    pub seccomp: Option<ProfileName>,
    /// Volumes that may be read and written.
    pub read_write: Vec<AbsolutePath>,
    /// Volumes that may be read.
    pub read_only: Vec<AbsolutePath>,
    /// Mounts that no grant reaches.
    pub except: Vec<AbsolutePath>,
}

/// A name that is also safe as a file name: `[a-zA-Z0-9][a-zA-Z0-9_-]{0,63}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileName(String);

impl ProfileName {
    /// Takes a valid name, else `None`.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let is_valid = (1..=64).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        is_valid.then(|| Self(bytes.iter().copied().map(char::from).collect()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a command line is refused; [`fmt::Display`] says it with the offending value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError(String);

impl fmt::Display for ArgumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The one form people use, for messages.
pub const USAGE: &str = "nono wrap --profile NAME [--digest SHA256] [--scope-signals] [--seccomp NAME] \
                         [--rw PATH]... [--ro PATH]... [--except PATH]... [--workdir PATH | --no-workdir] [--home PATH | --no-home] \
                         -- COMMAND [ARGS]";

/// Reads an argument vector, the program's own name included.
///
/// # Errors
/// [`ArgumentError`] for anything that is not one of the three forms. The options may come in any order;
/// whoever compares vectors compares them with the canonical one.
pub fn parse(argv: &[&[u8]]) -> Result<Invocation, ArgumentError> {
    match argv.get(1) {
        None => Err(ArgumentError("no arguments".to_owned())),
        Some(&b"--version") => alone(argv, Invocation::Version),
        Some(&b"--probe") => alone(argv, Invocation::Probe),
        Some(&b"wrap") => parse_wrap(argv).map(Invocation::Wrap),
        Some(other) => refuse("unknown argument", other),
    }
}

fn alone(argv: &[&[u8]], invocation: Invocation) -> Result<Invocation, ArgumentError> {
    match argv.get(2) {
        None => Ok(invocation),
        Some(extra) => refuse("unexpected argument", extra),
    }
}

fn parse_wrap(argv: &[&[u8]]) -> Result<Wrap, ArgumentError> {
    let mut profile = None;
    let mut digest = None;
    let mut options = ContainerOptions::default();
    let mut places = RecordedPlaces::default();
    let mut index = 2;
    loop {
        let Some(&option) = argv.get(index) else {
            return Err(ArgumentError("no -- before the command".to_owned()));
        };
        index += 1;
        match option {
            b"--" => break,
            b"--scope-signals" if options.scope_signals => return refuse("given twice", option),
            b"--scope-signals" => options.scope_signals = true,
            b"--no-workdir" => set_place(&mut places.workdir, option, RecordedPlace::Nowhere)?,
            b"--no-home" => set_place(&mut places.home, option, RecordedPlace::Nowhere)?,
            b"--profile" | b"--digest" | b"--seccomp" | b"--rw" | b"--ro" | b"--except" | b"--workdir"
            | b"--home" => {
                let value = match argv.get(index) {
                    Some(&value) if value != b"--" => value,
                    _ => return refuse("no value after", option),
                };
                index += 1;
                match option {
                    b"--profile" if profile.is_some() => return refuse("given twice", option),
                    b"--profile" => profile = Some(parse_profile(value)?),
                    b"--digest" if digest.is_some() => return refuse("given twice", option),
                    b"--digest" => digest = Some(parse_digest(value)?),
                    b"--seccomp" if options.seccomp.is_some() => return refuse("given twice", option),
                    b"--seccomp" => options.seccomp = Some(parse_profile(value)?),
                    b"--rw" => push_path(&mut options.read_write, option, value)?,
                    b"--ro" => push_path(&mut options.read_only, option, value)?,
                    b"--except" => push_path(&mut options.except, option, value)?,
                    b"--workdir" => {
                        set_place(
                            &mut places.workdir,
                            option,
                            RecordedPlace::At(parse_path(option, value)?),
                        )?;
                    }
                    _ => set_place(&mut places.home, option, RecordedPlace::At(parse_path(option, value)?))?,
                }
            }
            _ => return refuse("unknown option", option),
        }
    }
    let Some(profile) = profile else { return Err(ArgumentError("no --profile".to_owned())) };
    if index >= argv.len() {
        return Err(ArgumentError("no command after --".to_owned()));
    }
    Ok(Wrap { profile, digest, options, places, command_index: index })
}

fn parse_profile(name: &[u8]) -> Result<ProfileName, ArgumentError> {
    match ProfileName::parse(name) {
        Some(profile) => Ok(profile),
        None => refuse("not a profile name ([a-zA-Z0-9][a-zA-Z0-9_-]{0,63})", name),
    }
}

fn parse_digest(digest: &[u8]) -> Result<Digest, ArgumentError> {
    match Digest::parse(digest) {
        Some(digest) => Ok(digest),
        None => refuse("not a SHA-256 in 64 lowercase hexadecimal digits", digest),
    }
}

/// Takes one answer about a place, whichever of its two spellings.
fn set_place(place: &mut RecordedPlace, option: &[u8], value: RecordedPlace) -> Result<(), ArgumentError> {
    if *place != RecordedPlace::AsFound {
        return refuse("given twice", option);
    }
    *place = value;
    Ok(())
}

fn parse_path(option: &[u8], value: &[u8]) -> Result<AbsolutePath, ArgumentError> {
    AbsolutePath::parse(value).map_err(|error| {
        ArgumentError(format!("{} {}: {error}", option.escape_ascii(), value.escape_ascii()))
    })
}

fn push_path(list: &mut Vec<AbsolutePath>, option: &[u8], value: &[u8]) -> Result<(), ArgumentError> {
    let path = parse_path(option, value)?;
    if list.contains(&path) {
        return Err(ArgumentError(format!("given twice: {} {path}", option.escape_ascii())));
    }
    list.push(path);
    Ok(())
}

fn refuse<T>(what: &str, value: &[u8]) -> Result<T, ArgumentError> {
    Err(ArgumentError(format!("{what}: {}", value.escape_ascii())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Invocation, ArgumentError> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        parse(&words)
    }

    fn wrap(line: &str) -> Wrap {
        match parse_line(line) {
            Ok(Invocation::Wrap(wrap)) => wrap,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn the_shortest_form() {
        let wrap = wrap("nono wrap --profile default -- sh -c x");
        assert_eq!(wrap.profile.as_str(), "default");
        assert_eq!(wrap.options, ContainerOptions::default());
        assert_eq!(wrap.command_index, 5);
    }

    #[test]
    fn all_options() {
        let wrap = wrap(
            "nono wrap --profile p --scope-signals --seccomp s --rw /b --rw /a --ro /c --except /a/d -- -- --profile q",
        );
        let paths = |list: &[AbsolutePath]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(wrap.options.scope_signals);
        assert_eq!(paths(&wrap.options.read_write), ["/b", "/a"]);
        assert_eq!(paths(&wrap.options.read_only), ["/c"]);
        assert_eq!(paths(&wrap.options.except), ["/a/d"]);
        assert_eq!(wrap.options.seccomp.map(|name| name.as_str().to_owned()), Some("s".to_owned()));
        assert_eq!(wrap.command_index, 16, "a second -- belongs to the command");
    }

    #[test]
    fn recorded_places() {
        let digest = "ab".repeat(32);
        let with = |options: &str| wrap(&format!("nono wrap --profile p {options} -- sh"));
        let at = |path: &[u8]| RecordedPlace::At(AbsolutePath::parse(path).unwrap());
        let places = |workdir, home| RecordedPlaces { workdir, home };
        let wrap = with(&format!("--digest {digest} --workdir /w --home /h"));
        assert_eq!(wrap.digest.as_ref().map(Digest::as_str), Some(digest.as_str()));
        assert_eq!(wrap.places, places(at(b"/w"), at(b"/h")));
        assert_eq!(with("--no-workdir").places, places(RecordedPlace::Nowhere, RecordedPlace::AsFound));
        assert_eq!(with("--no-home").places, places(RecordedPlace::AsFound, RecordedPlace::Nowhere));
        let twice = format!("nono wrap --profile p --digest {digest} --digest {digest} -- sh");
        assert_eq!(parse_line(&twice).unwrap_err().to_string(), "given twice: --digest");
    }

    #[test]
    fn version_and_probe() {
        assert_eq!(parse_line("nono --version"), Ok(Invocation::Version));
        assert_eq!(parse_line("nono --probe"), Ok(Invocation::Probe));
        assert!(parse_line("nono --probe x").is_err());
    }

    #[test]
    fn everything_else_is_refused() {
        for line in [
            "nono",
            "nono --help",
            "nono run --profile p -- sh",
            "nono wrap",
            "nono wrap -- sh",
            "nono wrap --profile p",
            "nono wrap --profile p --",
            "nono wrap --profile p sh",
            "nono wrap -p p -- sh",
            "nono wrap --profile=p -- sh",
            "nono wrap --profile -- sh",
            "nono wrap --profile p --rw -- sh",
            "nono wrap --profile p --profile q -- sh",
            "nono wrap --profile p --scope-signals --scope-signals -- sh",
            "nono wrap --profile p --rw /a --rw /a -- sh",
            "nono wrap --profile p --rw a -- sh",
            "nono wrap --profile p --rw /a/ -- sh",
            "nono wrap --profile p --except /a/../b -- sh",
            "nono wrap --profile p --allow /a -- sh",
            "nono wrap --profile ../p -- sh",
            "nono wrap --profile p --digest ab -- sh",
            "nono wrap --profile p --digest -- sh",
            "nono wrap --profile p --seccomp -- sh",
            "nono wrap --profile p --seccomp a/b -- sh",
            "nono wrap --profile p --seccomp a --seccomp a -- sh",
            "nono wrap --profile p --workdir a -- sh",
            "nono wrap --profile p --workdir /a --workdir /a -- sh",
            "nono wrap --profile p --workdir /a --no-workdir -- sh",
            "nono wrap --profile p --no-home --no-home -- sh",
            "nono wrap --profile p --home -- sh",
        ] {
            assert!(parse_line(line).is_err(), "{line}");
        }
        assert!(parse(&[]).is_err());
    }

    #[test]
    fn profile_names() {
        for name in ["a", "default", "A_b-9", "9", &"a".repeat(64)] {
            assert!(ProfileName::parse(name.as_bytes()).is_some(), "{name}");
        }
        for name in ["", "-a", "_a", "a.b", "a/b", "..", "a b", "\u{e4}", &"a".repeat(65)] {
            assert!(ProfileName::parse(name.as_bytes()).is_none(), "{name}");
        }
    }

    #[test]
    fn a_value_is_never_the_end_of_the_options() {
        for option in ["--profile", "--rw", "--seccomp"] {
            let error = parse_line(&format!("nono wrap {option} -- sh")).unwrap_err();
            assert_eq!(error.to_string(), format!("no value after: {option}"));
        }
    }

    #[test]
    fn messages_stay_on_one_line() {
        let error = parse(&[b"nono", b"a\nb\xff"]).unwrap_err().to_string();
        assert_eq!(error, "unknown argument: a\\nb\\xff");
    }
}
