use super::*;
use crate::tree::{Tree, path, pattern};

fn find(tree: &Tree, patterns: &[&str]) -> Vec<String> {
    let patterns: Vec<PathPattern> = patterns.iter().map(|text| pattern(text)).collect();
    let exclusions = Exclusions::find(&tree.walker(), &patterns).unwrap();
    exclusions.paths.iter().map(ToString::to_string).collect()
}

#[test]
fn only_what_exists_is_closed() {
    let tree = Tree::of(&["etc/shadow", "home/a/.ssh/id", "home/b/", "home/.c/.ssh/"]);
    assert_eq!(
        find(&tree, &["/etc/shadow", "/etc/gshadow", "/home/*/.ssh", "/none/*/x"]),
        ["/etc/shadow", "/home/.c/.ssh", "/home/a/.ssh"]
    );
    assert_eq!(find(&tree, &[]), [""; 0]);
}

#[test]
fn a_pattern_is_searched_to_its_end() {
    let tree =
        Tree::of(&["home/a/.config/gh/token", "home/b/.config/", "home/c/", "home/d", "home/e/.config"]);
    assert_eq!(find(&tree, &["/home/*/.config/gh", "/home/*/.ssh"]), ["/home/a/.config/gh"]);
}

#[test]
fn many_names_are_found_in_any_order() {
    let tree = Tree::of(&["h/z", "h/a", "h/m/k", "h/m/l"]);
    let patterns = ["/h/z", "/h/m/l", "/h/y", "/h/a", "/h/x", "/h/m/k", "/h/b", "/h/c"];
    assert_eq!(find(&tree, &patterns), ["/h/a", "/h/m/k", "/h/m/l", "/h/z"]);
}

#[test]
fn a_symlink_closes_its_name_and_its_target() {
    let tree =
        Tree::of(&["etc/shadow -> /data/shadow", "data/shadow", "var/run -> /run", "run/secrets/token"]);
    assert_eq!(find(&tree, &["/etc/shadow"]), ["/data/shadow", "/etc/shadow"]);
    assert_eq!(find(&tree, &["/var/run/secrets"]), ["/run/secrets"]);
}

#[test]
fn a_dangling_symlink_closes_its_name() {
    let tree = Tree::of(&["etc/shadow -> nowhere"]);
    assert_eq!(find(&tree, &["/etc/shadow"]), ["/etc/shadow"]);
}

#[test]
fn globs_go_through_symlinked_homes() {
    let tree = Tree::of(&["data/homes/a/.ssh/", "home/a -> /data/homes/a", "home/loop -> loop"]);
    assert_eq!(find(&tree, &["/home/*/.ssh"]), ["/data/homes/a/.ssh"]);
}

#[test]
fn a_file_in_the_middle_ends_the_search() {
    let tree = Tree::of(&["etc/ssh", "root/.docker -> /etc/ssh"]);
    assert_eq!(find(&tree, &["/etc/ssh/ssh_host_*_key", "/root/.docker/config.json"]), [""; 0]);
}

#[test]
fn the_root_can_be_closed() {
    let tree = Tree::of(&["etc/"]);
    let exclusions = Exclusions::find(&tree.walker(), &[pattern("/")]).unwrap();
    assert!(exclusions.cover(&path("/")));
    assert!(exclusions.cover(&path("/etc")));
}

#[test]
fn cover_and_reach_below_go_by_component() {
    let tree = Tree::of(&["a/b/c", "a/b-x", "ab/"]);
    let exclusions = Exclusions::find(&tree.walker(), &[pattern("/a/b")]).unwrap();
    for (text, covered, below) in [
        ("/", false, true),
        ("/a", false, true),
        ("/a/b", true, false),
        ("/a/b/c", true, false),
        ("/a/b-x", false, false),
        ("/ab", false, false),
        ("/z", false, false),
    ] {
        assert_eq!(exclusions.cover(&path(text)), covered, "{text}");
        assert_eq!(exclusions.reach_below(&path(text)), below, "{text}");
    }
    // In byte order a name that goes on with a hyphen comes before what is below it.
    let both = Exclusions::find(&tree.walker(), &[pattern("/a/b/c"), pattern("/a/b-x")]).unwrap();
    assert!(both.reach_below(&path("/a/b")) && both.reach_below(&path("/a")));
    assert!(!both.reach_below(&path("/ab")));
    let none = Exclusions::default();
    assert!(!none.reach_below(&path("/")) && !none.cover(&path("/")));
}
