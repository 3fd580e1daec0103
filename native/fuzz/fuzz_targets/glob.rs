//! The glob matcher agrees with the obvious one, which is right and slow.
#![no_main]

use kubefence_policy::pattern::ComponentPattern;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8])| {
    let (glob, name) = input;
    if glob.len() > 24 || name.len() > 24 || glob.iter().filter(|byte| **byte == b'*').count() > 6 {
        return;
    }
    assert_eq!(ComponentPattern::Glob(glob).matches(name), obvious(glob, name));
});

fn obvious(glob: &[u8], name: &[u8]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|taken| obvious(rest, &name[taken..])),
        Some((byte, rest)) => {
            name.split_first().is_some_and(|(first, after)| first == byte && obvious(rest, after))
        }
    }
}
