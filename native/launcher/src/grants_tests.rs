use super::*;
use crate::tree::{Tree, path, pattern};

/// Keeps the rules as text: `rw /a`, `names /b`.
#[derive(Default)]
struct Recorder {
    rules: Vec<String>,
}

impl RuleSink for Recorder {
    type Error = ();

    fn allow(&mut self, place: &Place, rights: Rights) -> Result<(), ()> {
        let word = match rights {
            Rights::Access(Access::Read) => "r",
            Rights::Access(Access::Write) => "w",
            Rights::Access(Access::ReadWrite) => "rw",
            Rights::ListOnly => "names",
        };
        self.rules.push(format!("{word} {}", place.path));
        Ok(())
    }
}

fn rules(tree: &Tree, granted: &str, access: Access, closed: &[&str]) -> Vec<String> {
    let walker = tree.walker();
    let patterns: Vec<PathPattern> = closed.iter().map(|text| pattern(text)).collect();
    let exclusions = Exclusions::find(&walker, &patterns).unwrap();
    let mut recorder = Recorder::default();
    for place in find(&walker, &pattern(granted)).unwrap() {
        grant(&walker, &exclusions, &place, access, &mut recorder).unwrap();
    }
    recorder.rules.sort();
    recorder.rules
}

#[test]
fn without_exceptions_a_grant_is_one_rule() {
    let tree = Tree::of(&["usr/bin/sh", "etc/shadow"]);
    assert_eq!(rules(&tree, "/usr", Access::Read, &["/etc/shadow"]), ["r /usr"]);
    assert_eq!(rules(&tree, "/none", Access::Read, &[]), [""; 0]);
    assert_eq!(rules(&tree, "/", Access::ReadWrite, &[]), ["rw /"]);
}

#[test]
fn around_an_exception_a_directory_is_granted_entry_by_entry() {
    let tree = Tree::of(&[
        "etc/passwd",
        "etc/shadow",
        "etc/ssl/certs/",
        "etc/ssl/private/key",
        "etc/link -> shadow",
    ]);
    assert_eq!(
        rules(&tree, "/etc", Access::Read, &["/etc/shadow", "/etc/ssl/private"]),
        ["names /etc", "names /etc/ssl", "r /etc/passwd", "r /etc/ssl/certs"]
    );
}

#[test]
fn a_write_only_grant_gives_no_names() {
    let tree = Tree::of(&["d/a", "d/b"]);
    assert_eq!(rules(&tree, "/d", Access::Write, &["/d/a"]), ["w /d/b"]);
    assert_eq!(rules(&tree, "/d", Access::ReadWrite, &["/d/a"]), ["names /d", "rw /d/b"]);
}

#[test]
fn the_names_in_the_root_are_never_given() {
    let tree = Tree::of(&["nono/nono", "usr/", "etc/"]);
    assert_eq!(rules(&tree, "/", Access::ReadWrite, &["/nono"]), ["rw /etc", "rw /usr"]);
}

#[test]
fn nothing_is_granted_at_or_inside_an_exception() {
    let tree = Tree::of(&["run/secrets/token", "var/run -> /run", "root/.ssh/id", "app -> /root/.ssh"]);
    for granted in ["/run/secrets", "/run/secrets/token", "/var/run/secrets/token", "/app", "/app/id"] {
        assert_eq!(
            rules(&tree, granted, Access::Read, &["/run/secrets", "/root/.ssh"]),
            [""; 0],
            "{granted}"
        );
    }
}

#[test]
fn an_exception_behind_a_symlink_is_left_out_where_it_really_is() {
    let tree = Tree::of(&["data/keys/id", "data/other", "root/.ssh -> /data/keys"]);
    assert_eq!(rules(&tree, "/data", Access::Read, &["/root/.ssh"]), ["names /data", "r /data/other"]);
}

#[test]
fn a_grant_through_a_symlink_is_on_the_real_place() {
    let tree = Tree::of(&["usr/lib/x", "usr/secret", "lib -> usr/lib", "all -> usr"]);
    assert_eq!(rules(&tree, "/lib", Access::Read, &[]), ["r /usr/lib"]);
    assert_eq!(rules(&tree, "/all", Access::Read, &["/usr/secret"]), ["names /usr", "r /usr/lib"]);
}

#[test]
fn globs_grant_each_match() {
    let tree = Tree::of(&[
        "docker-entrypoint.sh",
        "docker-entrypoint.d/",
        "other",
        "a.sh -> other",
        "x/1/y",
        "x/2/z",
    ]);
    assert_eq!(
        rules(&tree, "/docker-entrypoint*", Access::Read, &[]),
        ["r /docker-entrypoint.d", "r /docker-entrypoint.sh"]
    );
    assert_eq!(rules(&tree, "/*.sh", Access::Read, &[]), ["r /docker-entrypoint.sh", "r /other"]);
    assert_eq!(rules(&tree, "/x/*/y", Access::Read, &[]), ["r /x/1/y"]);
    assert_eq!(rules(&tree, "/other/*", Access::Read, &[]), [""; 0]);
    assert_eq!(rules(&tree, "/*/*/*/*/*", Access::Read, &[]), [""; 0]);
}

#[test]
fn too_many_entries_are_refused() {
    let tree = Tree::of(&["big/7", "big/8"]);
    let walker = tree.walker();
    let exclusions = Exclusions::find(&walker, &[pattern("/big/7")]).unwrap();
    let place = walker.resolve(&path("/big")).unwrap();
    walker.pretend_listed(crate::walk::MAX_LISTED_ENTRIES - 1);
    let error = grant(&walker, &exclusions, &place, Access::Read, &mut Recorder::default()).unwrap_err();
    assert!(matches!(error, GrantError::Walk(WalkError::TooManyEntries(at)) if at == path("/big")));
}
