use super::*;
use crate::tree::{Tree, path};
use kubefence_policy::manifest::Access::{Read, ReadWrite, Write};

fn allowed(tree: &Tree, at: &str, origin: Origin, access: Access) -> Option<Access> {
    let walker = tree.walker();
    let place = walker.resolve(&path(at)).unwrap();
    Judge::new(&walker, 1000).allowed(&place, origin, access).unwrap()
}

#[test]
fn variables_never_open_forbidden_ground() {
    let tree = Tree::of(&["etc/app/", "usr/src/app/", "root/", "home/app/", "up -> /", "work -> /etc"]);
    for at in ["/", "/etc", "/usr", "/usr/src", "/root", "/home", "/up", "/work"] {
        assert_eq!(allowed(&tree, at, Origin::Variable, Read), None, "{at}");
    }
    for at in ["/etc/app", "/usr/src/app", "/home/app"] {
        assert_eq!(allowed(&tree, at, Origin::Variable, ReadWrite), Some(ReadWrite), "{at}");
    }
}

#[test]
fn variables_never_open_forbidden_ground_that_is_elsewhere() {
    let tree = Tree::of(&["data/home/app/", "home -> /data/home", "data/other/"]);
    assert_eq!(allowed(&tree, "/data/home", Origin::Variable, Read), None);
    assert_eq!(allowed(&tree, "/data", Origin::Variable, Read), None);
    assert_eq!(allowed(&tree, "/data/home/app", Origin::Variable, Read), Some(Read));
    assert_eq!(allowed(&tree, "/data/other", Origin::Variable, Read), Some(Read));
}

#[test]
fn what_the_profile_spells_out_is_taken_at_its_word() {
    let tree = Tree::of(&["etc/", "dev/shm/"]);
    for at in ["/", "/etc", "/dev/shm"] {
        assert_eq!(allowed(&tree, at, Origin::Profile, ReadWrite), Some(ReadWrite), "{at}");
    }
}

#[test]
fn a_symlink_of_the_image_bends_no_grant_to_the_root_and_none_to_writing_where_it_is_forbidden() {
    let tree = Tree::of(&[
        "etc/",
        "usr/bin/",
        "srv/",
        "bin -> usr/bin",
        "app -> /",
        "tmp -> etc",
        "var/tmp -> /srv",
    ]);
    assert_eq!(allowed(&tree, "/app", Origin::Profile, Read), None);
    assert_eq!(allowed(&tree, "/bin", Origin::Profile, Read), Some(Read));
    assert_eq!(allowed(&tree, "/tmp", Origin::Profile, ReadWrite), Some(Read));
    assert_eq!(allowed(&tree, "/tmp", Origin::Profile, Write), None);
    assert_eq!(allowed(&tree, "/var/tmp", Origin::Profile, ReadWrite), Some(ReadWrite));
}

#[test]
fn a_volume_behind_a_symlink_must_be_a_mount() {
    let tree = Tree::of(&["data/", "volume -> data", "away -> /"]);
    assert_eq!(allowed(&tree, "/data", Origin::Volume, ReadWrite), Some(ReadWrite));
    assert_eq!(allowed(&tree, "/volume", Origin::Volume, ReadWrite), None);
    assert_eq!(allowed(&tree, "/away", Origin::Volume, Read), None);
}

#[test]
fn a_volume_behind_a_symlink_of_another_volume_is_not_granted() {
    // /dev/shm stands for a volume: another mount than /, and no place of the kernel's own once it is called otherwise.
    let walker = Walker::new(std::path::Path::new("/")).unwrap();
    let judge = Judge::new(&walker, 1000);
    let mut place = walker.resolve(&path("/dev/shm")).unwrap();
    assert!(place.is_mount_root().unwrap());
    let of_volume = Some(place.mount().unwrap());
    place.path = path("/data");
    place.symlink_mount = Some(walker.root().unwrap().mount().unwrap());
    assert_eq!(judge.allowed(&place, Origin::Volume, ReadWrite).unwrap(), Some(ReadWrite));
    place.symlink_mount = of_volume;
    assert_eq!(judge.allowed(&place, Origin::Volume, ReadWrite).unwrap(), None);
}

#[test]
fn a_symlink_does_not_lead_a_grant_onto_another_mount() {
    // /proc is another mount than / wherever this test runs.
    let walker = Walker::new(std::path::Path::new("/")).unwrap();
    let mut place = walker.resolve(&path("/proc")).unwrap();
    let judge = Judge::new(&walker, 1000);
    place.symlink_mount = Some(walker.root().unwrap().mount().unwrap());
    assert_eq!(judge.allowed(&place, Origin::Profile, Read).unwrap(), None);
    place.symlink_mount = Some(place.mount().unwrap());
    assert_eq!(judge.allowed(&place, Origin::Profile, Read).unwrap(), Some(Read));
}
