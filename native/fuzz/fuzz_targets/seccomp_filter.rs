//! The launcher's reader of filter files.
#![no_main]

use kubefence_policy::filter::{Capabilities, Filter};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(filter) = Filter::parse(bytes) else { return };
    // What is read is what was written: nothing in the file is skipped.
    assert_eq!(filter.to_bytes(), bytes);
    let length = filter.instructions.len();
    for held in [0, filter.capabilities().0, u64::MAX] {
        assert_eq!(filter.clone().program(Capabilities(held)).len(), length);
    }
});
