//! Whatever bytes nono-runc's configuration has, it is refused or every value in it is valid.
#![no_main]

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::path::AbsolutePath;
use kubefence_runtime::configuration::Configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    let Ok(configuration) = Configuration::parse(json) else { return };
    assert!(configuration.runtime.is_absolute() && configuration.log.is_absolute());
    assert!(!configuration.launcher_directory.is_root());
    assert!(!configuration.accepted_launchers.is_empty());
    for (name, profile) in &configuration.profiles {
        assert_eq!(ProfileName::parse(name.as_str().as_bytes()).as_ref(), Some(name));
        assert_eq!(profile.digest.as_str().len(), 64);
        for path in profile.literal_exceptions.iter() {
            assert_eq!(AbsolutePath::parse(path.as_bytes()).as_ref(), Ok(path));
        }
    }
});
