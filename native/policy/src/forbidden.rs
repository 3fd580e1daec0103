//! Ground that a variable never opens. The working directory is named by the pod, the passwd home by the
//! image: were either `/etc`, a profile that lets a program write where it works would give away `/etc`.

use crate::path::AbsolutePath;
use crate::pattern::PathPattern;

/// A target equal to one of these, or above one, is no grant. `/usr/src/app` is fine, `/usr/src` is not.
const NEVER_AT_OR_ABOVE: [&str; 15] = [
    "/", "/etc", "/usr", "/usr/*", "/lib*", "/bin", "/sbin", "/var", "/var/lib", "/run", "/proc", "/sys",
    "/dev", "/home", "/nono",
];

/// A target inside one of these is no grant either: the kernel's own trees, and ours.
const NEVER_INSIDE: [&str; 4] = ["/proc", "/sys", "/dev", "/nono"];

/// A home like any other for uid 0, forbidden ground for everybody else.
const ROOT_HOME: &str = "/root";

/// The places that a variable must neither equal nor contain and that have one name: the caller looks up
/// where they really are and hands that to [`is_forbidden`].
#[must_use]
pub fn named_places() -> Vec<AbsolutePath> {
    NEVER_AT_OR_ABOVE
        .iter()
        .filter_map(|text| AbsolutePath::parse(text.as_bytes()).ok())
        .filter(has_no_star)
        .collect()
}

fn has_no_star(path: &AbsolutePath) -> bool {
    !path.as_bytes().contains(&b'*')
}

/// True when a variable whose target really is `target` must not be granted to `uid`. `real` says where
/// the [`named_places`] are in this container, symbolic links resolved.
#[must_use]
pub fn is_forbidden(target: &AbsolutePath, uid: u32, real: &[AbsolutePath]) -> bool {
    is_kernel_or_ours(target)
        || (uid != 0 && is_inside(target, ROOT_HOME))
        || NEVER_AT_OR_ABOVE.iter().any(|text| pattern(text).is_within(target))
        || real.iter().any(|place| place.is_within(target))
}

/// True inside `/proc`, `/sys`, `/dev` and `/nono`.
#[must_use]
pub fn is_kernel_or_ours(target: &AbsolutePath) -> bool {
    NEVER_INSIDE.iter().any(|top| is_inside(target, top))
}

fn is_inside(target: &AbsolutePath, top: &str) -> bool {
    AbsolutePath::normalize(top.as_bytes()).is_some_and(|top| target.is_within(&top))
}

fn pattern(text: &str) -> PathPattern {
    PathPattern::below(&AbsolutePath::root(), if text == "/" { b"" } else { text.as_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(target: &str, uid: u32) -> bool {
        is_forbidden(&AbsolutePath::parse(target.as_bytes()).unwrap(), uid, &[])
    }

    #[test]
    fn system_directories_and_what_is_above_them() {
        for target in [
            "/",
            "/etc",
            "/usr",
            "/usr/src",
            "/usr/local",
            "/lib",
            "/lib64",
            "/libexec",
            "/bin",
            "/sbin",
            "/var",
            "/var/lib",
            "/run",
            "/proc",
            "/sys",
            "/dev",
            "/home",
            "/nono",
            "/proc/self",
            "/proc/1/root",
            "/sys/fs/cgroup",
            "/dev/shm",
            "/nono/profiles",
        ] {
            assert!(forbidden(target, 0), "{target}");
        }
    }

    #[test]
    fn places_below_them_are_ordinary() {
        for target in [
            "/app",
            "/usr/src/app",
            "/var/lib/postgresql",
            "/var/www",
            "/etc/nginx",
            "/home/app",
            "/run/app",
            "/procs",
            "/devel",
            "/lib64/x",
            "/srv",
            "/data",
            "/tmp",
        ] {
            assert!(!forbidden(target, 1000), "{target}");
        }
    }

    #[test]
    fn root_home_is_for_root() {
        assert!(!forbidden("/root", 0));
        assert!(!forbidden("/root/work", 0));
        assert!(forbidden("/root", 1000));
        assert!(forbidden("/root/work", 1000));
        assert!(!forbidden("/rooted", 1000));
    }

    #[test]
    fn named_places_have_one_name() {
        let places: Vec<String> = named_places().iter().map(ToString::to_string).collect();
        assert_eq!(
            places,
            [
                "/", "/etc", "/usr", "/bin", "/sbin", "/var", "/var/lib", "/run", "/proc", "/sys", "/dev",
                "/home", "/nono"
            ]
        );
    }

    #[test]
    fn where_they_really_are_counts() {
        let real = [AbsolutePath::parse(b"/data/home").unwrap()];
        let target = |text: &str| AbsolutePath::parse(text.as_bytes()).unwrap();
        assert!(is_forbidden(&target("/data/home"), 0, &real));
        assert!(is_forbidden(&target("/data"), 0, &real));
        assert!(!is_forbidden(&target("/data/home/app"), 0, &real));
    }
}
