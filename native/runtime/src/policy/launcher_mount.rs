//! The mount of the launcher's directory, and nothing else anywhere near it.

use kubefence_policy::path::AbsolutePath;

use crate::oci::configuration::Mount;
use crate::policy::mounts::clean_destination;
use crate::refusal::{Code, Refusal};

/// Where the launcher's directory is mounted in every sandboxed container.
pub const LAUNCHER_MOUNT: &str = "/nono";

/// The options that the plugin gives it, sorted.
const OPTIONS: [&str; 3] = ["bind", "ro", "rprivate"];

/// Checks that the launcher's directory is mounted at `/nono`, once and read-only, and that no other mount lies at,
/// under or above it. Answers the other mounts.
///
/// # Errors
/// `LAUNCHER_MOUNT`, `MOUNT_OVER_LAUNCHER`, `MOUNT_PATH_INVALID`
pub fn check<'a>(mounts: &'a [Mount], directory: &AbsolutePath) -> Result<Vec<&'a Mount>, Refusal> {
    let own = AbsolutePath::normalize(LAUNCHER_MOUNT.as_bytes()).unwrap_or_else(AbsolutePath::root);
    let mut others = Vec::new();
    let mut is_mounted = false;
    for mount in mounts {
        let destination = clean_destination(mount)?;
        if !destination.is_within(&own) && !own.is_within(&destination) {
            others.push(mount);
            continue;
        }
        if is_launcher_mount(mount, directory) && !is_mounted {
            is_mounted = true;
            continue;
        }
        return Err(Refusal::new(
            Code::MountOverLauncher,
            format!("{:?} is mounted at {:?}", mount.source, mount.destination),
            format!("{own} and everything above and under it belongs to the sandbox's launcher"),
            "choose another mountPath",
        ));
    }
    if is_mounted {
        return Ok(others);
    }
    Err(Refusal::new(
        Code::LauncherMount,
        format!("the launcher's directory {directory} is not mounted at {own}"),
        "the plugin 10-nono-nri did not adjust this container, or another one undid it",
        "check that 10-nono-nri runs on this node and is registered with the container engine, then try again",
    ))
}

fn is_launcher_mount(mount: &Mount, directory: &AbsolutePath) -> bool {
    let mut options: Vec<&str> = mount.options.iter().map(String::as_str).collect();
    options.sort_unstable();
    mount.destination == LAUNCHER_MOUNT
        && mount.kind == "bind"
        && mount.source.as_bytes() == directory.as_bytes()
        && options == OPTIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(destination: &str, source: &str, options: &[&str]) -> Mount {
        Mount {
            destination: destination.to_owned(),
            kind: "bind".to_owned(),
            source: source.to_owned(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        }
    }

    fn launcher() -> Mount {
        mount("/nono", "/opt/nono-nri", &["bind", "ro", "rprivate"])
    }

    fn code(mounts: &[Mount]) -> Option<Code> {
        let directory = AbsolutePath::parse(b"/opt/nono-nri").unwrap();
        check(mounts, &directory).err().map(|refusal| refusal.code)
    }

    #[test]
    fn once_and_read_only() {
        assert_eq!(code(&[launcher()]), None);
        assert_eq!(code(&[mount("/nono", "/opt/nono-nri", &["rprivate", "bind", "ro"])]), None);
        assert_eq!(code(&[]), Some(Code::LauncherMount));
        assert_eq!(code(&[launcher(), launcher()]), Some(Code::MountOverLauncher));
        for options in [
            &["bind", "rprivate"][..],
            &["rbind", "ro", "rprivate"],
            &["bind", "ro", "rprivate", "rw"],
            &["bind", "ro", "rshared"],
            &["bind", "ro", "rprivate", "remount"],
        ] {
            assert_eq!(code(&[mount("/nono", "/opt/nono-nri", options)]), Some(Code::MountOverLauncher));
        }
        for source in ["/opt/nono-nri/", "/opt/nono", "/", "/opt/nono-nri/../x"] {
            assert_eq!(
                code(&[mount("/nono", source, &["bind", "ro", "rprivate"])]),
                Some(Code::MountOverLauncher)
            );
        }
        let tmpfs = Mount { kind: "tmpfs".to_owned(), ..launcher() };
        assert_eq!(code(&[tmpfs]), Some(Code::MountOverLauncher));
    }

    #[test]
    fn nothing_at_under_or_above_it() {
        for destination in [
            "/nono/",
            "/nono/nono",
            "/nono/profiles",
            "//nono",
            "/./nono",
            "/x/../nono",
            "nono",
            "/",
            "",
            "/nono/..",
        ] {
            let cover = mount(destination, "/volume", &["rbind", "rw"]);
            for mounts in [[launcher(), cover.clone()], [cover, launcher()]] {
                assert_eq!(code(&mounts), Some(Code::MountOverLauncher), "{destination}");
            }
        }
        assert_eq!(code(&[launcher(), mount("/nono\u{fffd}", "/v", &[])]), Some(Code::MountPath));
        assert_eq!(code(&[launcher(), mount("/a\0", "/v", &[])]), Some(Code::MountPath));
        assert_eq!(code(&[launcher(), mount("/nonono", "/v", &[]), mount("/data/nono", "/v", &[])]), None);
    }
}
