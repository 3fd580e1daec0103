//! Whatever words a command line has, it is refused with one line or fully understood.
#![no_main]

use kubefence_policy::arguments::{self, Invocation};
use kubefence_policy::path::AbsolutePath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &[u8]| {
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    match arguments::parse(&words) {
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
        Ok(Invocation::Version | Invocation::Probe) => assert_eq!(words.len(), 2),
        Ok(Invocation::Wrap(wrap)) => {
            assert_eq!(words[wrap.command_index - 1], b"--");
            assert!(wrap.command_index < words.len());
            let options = &wrap.options;
            for list in [&options.read_write, &options.read_only, &options.except] {
                for path in list {
                    assert_eq!(AbsolutePath::parse(path.as_bytes()).as_ref(), Ok(path));
                    assert!(words[..wrap.command_index].contains(&path.as_bytes()));
                    assert_eq!(list.iter().filter(|other| *other == path).count(), 1);
                }
            }
        }
    }
});
