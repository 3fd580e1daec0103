//! Whatever an image has for a passwd, a home is a clean absolute path or there is none.
#![no_main]

use kubefence_launcher::passwd::find_home;
use kubefence_policy::path::AbsolutePath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, &[u8])| {
    let (uid, passwd) = input;
    if let Some(home) = find_home(passwd, uid) {
        assert_eq!(AbsolutePath::parse(home.as_bytes()).as_ref(), Ok(&home));
        assert!(passwd.windows(2).any(|bytes| bytes[0] == b':' && bytes[1] == b'/'));
    }
});
