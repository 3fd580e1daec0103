//! The one way to write the launcher's command line. Whoever compares argument vectors compares them with this.

use crate::arguments::{ContainerOptions, ProfileName};
use crate::path::AbsolutePath;
use crate::recorded::{Digest, RecordedPlace, RecordedPlaces};

/// The launcher as containers see it.
pub const LAUNCHER_PATH: &str = "/nono/nono";

/// The arguments from the launcher's name to the `--` before the command. The plugin writes no digest and no
/// recorded places; the OCI runtime wrapper adds the digest at create, and both at exec.
#[must_use]
pub fn launcher_arguments(
    profile: &ProfileName,
    digest: Option<&Digest>,
    options: &ContainerOptions,
    places: &RecordedPlaces,
) -> Vec<Vec<u8>> {
    let mut argv: Vec<Vec<u8>> =
        [LAUNCHER_PATH, "wrap", "--profile", profile.as_str()].map(|text| text.as_bytes().to_vec()).into();
    if let Some(digest) = digest {
        push(&mut argv, "--digest", digest.as_str().as_bytes());
    }
    if options.scope_signals {
        argv.push(b"--scope-signals".to_vec());
    }
    if let Some(policy) = &options.seccomp {
        push(&mut argv, "--seccomp", policy.as_str().as_bytes());
    }
    push_sorted(&mut argv, "--rw", &options.read_write);
    push_sorted(&mut argv, "--ro", &options.read_only);
    push_sorted(&mut argv, "--except", &options.except);
    push_place(&mut argv, "--workdir", "--no-workdir", &places.workdir);
    push_place(&mut argv, "--home", "--no-home", &places.home);
    argv.push(b"--".to_vec());
    argv
}

fn push(argv: &mut Vec<Vec<u8>>, option: &str, value: &[u8]) {
    argv.push(option.as_bytes().to_vec());
    argv.push(value.to_vec());
}

fn push_sorted(argv: &mut Vec<Vec<u8>>, option: &str, paths: &[AbsolutePath]) {
    let mut sorted: Vec<_> = paths.iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    for path in sorted {
        push(argv, option, path.as_bytes());
    }
}

fn push_place(argv: &mut Vec<Vec<u8>>, option: &str, none: &str, place: &RecordedPlace) {
    match place {
        RecordedPlace::AsFound => {}
        RecordedPlace::At(path) => push(argv, option, path.as_bytes()),
        RecordedPlace::Nowhere => argv.push(none.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{self, Invocation};

    fn path(text: &str) -> AbsolutePath {
        AbsolutePath::parse(text.as_bytes()).unwrap()
    }

    fn line(argv: &[Vec<u8>]) -> String {
        argv.iter().map(|argument| argument.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn with_nothing_to_say_it_is_the_originals() {
        let profile = ProfileName::parse(b"default").unwrap();
        let argv =
            launcher_arguments(&profile, None, &ContainerOptions::default(), &RecordedPlaces::default());
        assert_eq!(line(&argv), "/nono/nono wrap --profile default --");
    }

    #[test]
    fn everything_in_order_and_back() {
        let profile = ProfileName::parse(b"p").unwrap();
        let digest = Digest::parse("ab".repeat(32).as_bytes()).unwrap();
        let options = ContainerOptions {
            scope_signals: true,
            seccomp: ProfileName::parse(b"restricted"),
            read_write: vec![path("/b"), path("/a")],
            read_only: vec![path("/c")],
            except: vec![path("/a/d")],
        };
        let places = RecordedPlaces { workdir: RecordedPlace::At(path("/w")), home: RecordedPlace::Nowhere };
        let argv = launcher_arguments(&profile, Some(&digest), &options, &places);
        let expected = format!(
            "/nono/nono wrap --profile p --digest {} --scope-signals --seccomp restricted --rw /a --rw /b --ro /c --except /a/d --workdir /w --no-home --",
            digest.as_str()
        );
        assert_eq!(line(&argv), expected);

        let with_command: Vec<&[u8]> = argv.iter().map(Vec::as_slice).chain([&b"sh"[..]]).collect();
        let Ok(Invocation::Wrap(wrap)) = arguments::parse(&with_command) else { panic!("{expected}") };
        assert_eq!(wrap.digest, Some(digest));
        assert_eq!(wrap.places, places);
        assert_eq!(wrap.options.read_write, [path("/a"), path("/b")]);
        assert_eq!(wrap.command_index, argv.len());
    }
}
