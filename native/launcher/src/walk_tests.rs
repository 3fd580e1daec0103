use super::*;
use crate::tree::{Tree, path};

/// Where `from` leads, or what went wrong.
fn real(tree: &Tree, from: &str) -> Result<String, WalkError> {
    tree.walker().resolve(&path(from)).map(|place| place.path.to_string())
}

#[test]
fn without_symlinks_a_path_is_itself() {
    let tree = Tree::of(&["etc/passwd"]);
    let place = tree.walker().resolve(&path("/etc/passwd")).unwrap();
    assert_eq!((place.path, place.kind, place.symlink_mount), (path("/etc/passwd"), Kind::File, None));
    let root = tree.walker().resolve(&path("/")).unwrap();
    assert_eq!((root.path, root.kind), (path("/"), Kind::Directory));
}

#[test]
fn symlinks_lead_to_where_things_are() {
    let tree = Tree::of(&[
        "usr/bin/sh",
        "bin -> usr/bin",
        "run/secrets/token",
        "var/run -> /run",
        "var/lib/up -> ../../usr",
        "deep -> var/run/secrets",
        "above -> ../../../../usr/bin/../bin/./sh",
        "trailing -> usr/",
        "doubled -> //usr//bin",
    ]);
    for (from, to) in [
        ("/bin/sh", "/usr/bin/sh"),
        ("/var/run/secrets/token", "/run/secrets/token"),
        ("/var/lib/up/bin", "/usr/bin"),
        ("/deep/token", "/run/secrets/token"),
        ("/above", "/usr/bin/sh"),
        ("/trailing", "/usr"),
        ("/doubled/sh", "/usr/bin/sh"),
    ] {
        assert_eq!(real(&tree, from).as_deref(), Ok(to), "{from}");
    }
    for (from, why) in [("/bin", "one link"), ("/deep", "two links on one mount")] {
        let place = tree.walker().resolve(&path(from)).unwrap();
        assert_eq!(place.symlink_mount, Some(place.mount().unwrap()), "{why}");
    }
}

#[test]
fn symlinks_on_several_mounts_are_on_none() {
    // /proc/self is a link on another mount than a folder of ours.
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/proc/self/task", &link).unwrap();
    let walker = Walker::new(std::path::Path::new("/")).unwrap();
    let place = walker.resolve(&path(link.to_str().unwrap())).unwrap();
    assert_eq!(place.symlink_mount, Some(super::SEVERAL_MOUNTS));
}

#[test]
fn absolute_symlinks_stay_below_the_root() {
    let tree = Tree::of(&["link -> /etc/shadow", "up -> ../../../../../../../../etc/shadow"]);
    assert_eq!(real(&tree, "/link"), Err(WalkError::Missing));
    assert_eq!(real(&tree, "/up"), Err(WalkError::Missing));
}

#[test]
fn what_leads_nowhere_is_missing() {
    let tree =
        Tree::of(&["file", "loop -> loop", "a -> b", "b -> a", "dangling -> nowhere", "through -> file/x"]);
    for from in ["/none", "/none/x", "/file/x", "/loop", "/a", "/loop/x", "/dangling", "/through"] {
        assert_eq!(real(&tree, from), Err(WalkError::Missing), "{from}");
    }
    let long = format!("/{}", "n".repeat(256));
    assert_eq!(real(&tree, &long), Err(WalkError::Missing));
}

#[test]
fn forty_symlinks_are_followed_and_no_more() {
    let links: Vec<String> = (0..41).map(|number| format!("l{number} -> l{}", number + 1)).collect();
    let mut entries: Vec<&str> = links.iter().map(String::as_str).collect();
    entries.push("l41");
    let tree = Tree::of(&entries);
    assert_eq!(real(&tree, "/l1").as_deref(), Ok("/l41"));
    assert_eq!(real(&tree, "/l0"), Err(WalkError::Missing));
}

#[test]
fn magic_links_are_only_text() {
    // The kernel would follow /proc/self/cwd to wherever the process is. Here it is the text it reads.
    let walker = Walker::new(std::path::Path::new("/")).unwrap();
    let here = std::env::current_dir().unwrap();
    let place = walker.resolve(&path("/proc/self/cwd")).unwrap();
    assert_eq!(place.path.to_string(), here.to_string_lossy());
    assert_eq!(walker.resolve(&path("/proc/self/exe/x")).unwrap_err(), WalkError::Missing);
    let (reader, _writer) = std::io::pipe().unwrap();
    let pipe = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
    assert_eq!(walker.resolve(&path(&pipe)).unwrap_err(), WalkError::Missing);
}

#[test]
fn fifos_and_sockets_do_not_block() {
    let tree = Tree::of(&["dir/"]);
    let fifo = tree.host_path("dir/fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(tree.host_path("dir/socket")).unwrap();
    for from in ["/dir/fifo", "/dir/socket"] {
        assert_eq!(tree.walker().resolve(&path(from)).unwrap().kind, Kind::File, "{from}");
    }
}

#[test]
fn listings_have_names_and_an_end() {
    let tree = Tree::of(&["d/a", "d/.b", "d/c/"]);
    let walker = tree.walker();
    let directory = walker.resolve(&path("/d")).unwrap();
    let listing = walker.list(&directory).unwrap();
    let mut names: Vec<_> = listing.iter().map(|listed| (listed.name, listed.kind)).collect();
    names.sort();
    let expected = [(&b".b"[..], Some(Kind::File)), (b"a", Some(Kind::File)), (b"c", Some(Kind::Directory))];
    assert_eq!(names, expected);

    std::fs::write(tree.host_path("d/late"), "").unwrap();
    assert_eq!(walker.list(&directory).unwrap(), listing, "asked once");

    std::fs::remove_file(tree.host_path("d/late")).unwrap();
    let walker = tree.walker();
    walker.pretend_listed(MAX_LISTED_ENTRIES - 3);
    assert_eq!(walker.list(&directory).map(|listing| listing.iter().count()), Ok(3), "as many as may be");
    let walker = tree.walker();
    walker.pretend_listed(MAX_LISTED_ENTRIES - 2);
    assert_eq!(walker.list(&directory), Err(WalkError::TooManyEntries(path("/d"))));
}

#[test]
fn the_working_directory_is_recognised() {
    let walker = Walker::new(std::path::Path::new("/")).unwrap();
    let here = Place::working_directory().unwrap();
    let current = std::env::current_dir().unwrap();
    let found = walker.resolve(&path(current.to_str().unwrap())).unwrap();
    assert!(found.is_same(&here).unwrap());
    assert!(!walker.resolve(&path("/")).unwrap().is_same(&here).unwrap());
}

#[test]
fn what_lies_behind_a_symlink_is_elsewhere() {
    let tree = Tree::of(&["data/home/app/", "home -> /data/home", "etc/"]);
    let walker = tree.walker();
    let answers = |walker: &Walker| {
        ["/", "/data", "/etc", "/none", "/home", "/home/app", "/data/home/app"]
            .map(|at| walker.is_elsewhere(&path(at)))
    };
    assert_eq!(answers(&walker), [false, false, false, false, true, true, false]);
    walker.list(&walker.root().unwrap()).unwrap();
    assert_eq!(answers(&walker), [false, false, false, false, true, true, false], "as the listing has it");
}
