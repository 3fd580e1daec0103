use std::fs;

use crate::root::{Root, manifest};
use crate::start::Start;

/// A root with a profile stored under `DIGEST`, its files readable through the profile's variables only.
fn root() -> Root {
    let root = Root::new();
    for path in ["/srv/app/file", "/home/app/file", "/other/file"] {
        root.file(path, "content\n");
    }
    let folder = root.launcher_directory().join("profiles/by-digest");
    fs::create_dir(&folder).unwrap();
    let json = manifest(&["r $WORKDIR", "r $HOME"], &["$WORKDIR/closed"]);
    fs::write(folder.join(format!("{}.json", digest())), json).unwrap();
    root
}

fn digest() -> String {
    "ab".repeat(32)
}

fn is_read(start: &Start<'_>) -> bool {
    let (stdout, denied) = start.denials();
    assert_eq!((stdout.as_str(), denied), if denied == 0 { ("content\n", 0) } else { ("", 1) });
    denied == 0
}

#[test]
#[ignore = "needs root"]
fn a_digest_names_the_bytes() {
    let root = root();
    let stored = format!("--digest {}", digest());
    let start = root.shell("cat /srv/app/file").working_in("/srv/app");
    assert!(!is_read(&start));
    assert!(is_read(&start.clone().options(&stored)));
    assert!(is_read(&start.clone().options(&stored).profile("gone")));
    let unknown = format!("--digest {}", "0".repeat(64));
    assert_eq!(start.clone().options(&unknown).refusal(), "125 PROFILE_NOT_INSTALLED");
    fs::remove_dir_all(root.launcher_directory().join("profiles/by-digest")).unwrap();
    assert_eq!(start.clone().options(&stored).refusal(), "125 PROFILE_UNREADABLE");
    fs::remove_dir_all(root.launcher_directory().join("profiles")).unwrap();
    assert_eq!(start.profile("default").options(&stored).refusal(), "125 PROFILE_UNREADABLE");
}

#[test]
#[ignore = "needs root"]
fn variables_lead_nowhere_but_where_they_led() {
    let root = root();
    let stored = format!("--digest {}", digest());
    let here = |path, directory| root.shell(path).working_in(directory).options(&stored);
    assert!(is_read(&here("cat /srv/app/file", "/srv/app").options("--workdir /srv/app")));
    assert!(!is_read(&here("cat /srv/app/file", "/srv/app").options("--no-workdir")));
    assert!(is_read(&here("cat /other/file", "/other")));
    assert!(!is_read(&here("cat /other/file", "/other").options("--workdir /srv/app")));
    let home = || here("cat /home/app/file", "/srv/app").user(1000);
    assert!(is_read(&home()));
    assert!(is_read(&home().options("--home /home/app")));
    assert!(!is_read(&home().options("--home /other")));
    assert!(!is_read(&home().options("--no-home")));
}

#[test]
#[ignore = "needs root"]
fn what_was_closed_where_a_variable_led_stays_closed() {
    let root = root();
    root.file("/srv/app/closed", "content\n");
    root.file("/srv/app/open", "content\n");
    let stored = format!("--digest {} --rw /srv/app --workdir /srv/app", digest());
    for directory in ["/srv/app", "/other"] {
        let start = |line| root.shell(line).options(&stored).working_in(directory);
        assert!(is_read(&start("cat /srv/app/open")), "{directory}");
        assert!(!is_read(&start("cat /srv/app/closed")), "{directory}");
    }
}

#[test]
#[ignore = "needs root"]
fn a_joining_process_gets_no_volume_through_a_link() {
    let root = root();
    root.link("/to-volume", "/other");
    let volume = "mount -t tmpfs none ROOT/other; echo content >ROOT/other/file";
    let stored = format!("--digest {} --ro /to-volume", digest());
    let start = root.shell("cat /other/file").before(volume).options(&stored);
    assert!(is_read(&start));
    assert!(!is_read(&start.clone().options("--no-workdir")));
    assert!(
        is_read(&start.options("--no-home")),
        "the working directory is recorded for every joining process"
    );
}
