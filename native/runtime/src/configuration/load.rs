//! Finding and reading the configuration.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use kubefence_policy::path::AbsolutePath;
use serde::Deserialize;

use super::Configuration;
use crate::files::trusted;
use crate::refusal::{Code, Refusal};

/// Largest configuration that is read. One with a hundred profiles has a tenth of it.
pub const MAX_CONFIGURATION_BYTES: usize = 1 << 20;

/// The path of the running program with `.json` behind it: whoever can say which program runs says which
/// configuration it has, and nothing of the caller takes part.
///
/// # Errors
/// `CONFIGURATION`
pub fn configuration_path() -> Result<PathBuf, Refusal> {
    let program = std::fs::read_link("/proc/self/exe").map_err(|error| {
        let advice = "mount /proc where the container engine runs";
        Refusal::new(Code::Configuration, "it is not known where nono-runc is installed", error, advice)
    })?;
    let mut path = program.into_os_string();
    path.push(".json");
    Ok(path.into())
}

/// Reads the configuration.
///
/// # Errors
/// `CONFIGURATION`
pub fn load(path: &Path) -> Result<Configuration, Refusal> {
    let json = read(path)?;
    let configuration = Configuration::parse(&json).map_err(|why| malformed(path, why))?;
    check_other(path, &configuration.runtime)?;
    let own = AbsolutePath::parse(path.as_os_str().as_bytes());
    // Containers see that directory; what enforces does not belong there.
    if own.is_ok_and(|own| own.is_within(&configuration.launcher_directory)) {
        return Err(malformed(path, "it lies in the launcher's directory, which containers see"));
    }
    Ok(configuration)
}

/// Reads nothing but the real runtime's path, so that containers can be stopped and removed even when the rest is
/// not understood.
///
/// # Errors
/// `CONFIGURATION`
pub fn load_runtime(path: &Path) -> Result<PathBuf, Refusal> {
    #[derive(Deserialize)]
    struct Runtime {
        runtime: String,
    }
    let json = read(path)?;
    let found: Runtime = serde_json::from_slice(&json).map_err(|error| malformed(path, error))?;
    match AbsolutePath::parse(found.runtime.as_bytes()) {
        Ok(_) => {
            let runtime = PathBuf::from(found.runtime);
            check_other(path, &runtime).map(|()| runtime)
        }
        Err(error) => Err(malformed(path, format!("runtime: {error}"))),
    }
}

/// This program itself as its own real runtime would start itself for ever.
fn check_other(path: &Path, runtime: &Path) -> Result<(), Refusal> {
    let is_own = path.file_stem() == runtime.file_name() && path.parent() == runtime.parent();
    if is_own { Err(malformed(path, "runtime: it is nono-runc itself")) } else { Ok(()) }
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    match trusted::read(path, MAX_CONFIGURATION_BYTES) {
        Ok((json, _)) => Ok(json),
        Err(error) => Err(malformed(path, error)),
    }
}

fn malformed(path: &Path, why: impl std::fmt::Display) -> Refusal {
    let what = format!("the configuration {} cannot be used", path.display());
    Refusal::new(Code::Configuration, what, why, "write it again on the node with `kubefence runtime-config`")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::testing::JSON;
    use super::*;

    #[test]
    fn a_file_that_others_can_write_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nono-runc.json");
        fs::write(&file, JSON).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(load(&file).unwrap().runtime, load_runtime(&file).unwrap());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(load(&file).unwrap_err().code, Code::Configuration);
        assert_eq!(load_runtime(&file).unwrap_err().code, Code::Configuration);
    }

    #[test]
    fn the_runtime_is_found_in_a_configuration_of_another_version() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nono-runc.json");
        fs::write(&file, JSON.replace("\"version\":1", "\"version\":2,\"later\":{}")).unwrap();
        assert_eq!(load(&file).unwrap_err().code, Code::Configuration);
        assert_eq!(load_runtime(&file).unwrap(), Path::new("/usr/bin/runc"));
        fs::write(&file, JSON.replace("/usr/bin/runc", "runc")).unwrap();
        assert_eq!(load_runtime(&file).unwrap_err().code, Code::Configuration);
    }

    #[test]
    fn not_its_own_runtime() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nono-runc.json");
        let own = directory.path().join("nono-runc");
        fs::write(&file, JSON.replace("/usr/bin/runc", own.to_str().unwrap())).unwrap();
        assert!(load(&file).unwrap_err().to_string().contains("nono-runc itself"));
        assert!(load_runtime(&file).unwrap_err().to_string().contains("nono-runc itself"));
    }

    #[test]
    fn not_in_the_directory_that_containers_see() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("nono-runc.json");
        fs::write(&file, JSON.replace("/opt/nono-nri", directory.path().to_str().unwrap())).unwrap();
        assert!(load(&file).unwrap_err().to_string().contains("which containers see"));
    }
}
