use crate::root::{Root, manifest};

#[test]
#[ignore = "needs root"]
fn grants_open_what_they_say_and_nothing_else() {
    let root = Root::new();
    root.file("/app/sub/deep", "deep\n");
    root.file("/work/file", "work\n");
    root.file("/inbox/old", "old\n");
    root.file("/secret", "secret\n");
    root.profile("test", &manifest(&["r /app", "rw /work", "w /inbox", "r /none"], &[]));
    assert_eq!(root.shell("cat /app/sub/deep; ls /app").output(), "deep\nsub\n");
    assert_eq!(
        root.shell("cat /work/file; echo x >/work/new; : >/work/file; ls /work").output(),
        "work\nfile\nnew\n"
    );
    assert_eq!(root.shell("echo x >/inbox/new; echo x >>/inbox/old").output(), "");
    for line in [
        "echo x >>/app/sub/deep",
        "touch /app/new",
        "cat /inbox/old",
        "ls /inbox",
        "cat /secret",
        "ls /",
        "echo x >/secret",
        "ls /nono",
        "cat /nono/profiles/test.json",
    ] {
        // The shell's own complaint about a redirection ends otherwise; busybox names what it was denied.
        let outcome = root.shell(line).run();
        assert_eq!(outcome.stdout, "", "{line}");
        assert!(outcome.stderr.to_lowercase().contains("permission denied"), "{line}: {outcome:?}");
    }
    assert_eq!(
        root.shell("mknod /work/pipe p; mknod /work/device c 1 3; ls /work").denials(),
        ("file\nnew\npipe\n".to_owned(), 1)
    );
}

#[test]
#[ignore = "needs root"]
fn exceptions_stay_closed_and_what_lies_beside_them_is_open() {
    let root = Root::new();
    root.file("/data/shadow", "hash\n");
    root.file("/data/keys/id", "key\n");
    root.file("/data/other", "other\n");
    root.link("/root/.ssh", "/data/keys");
    root.profile("test", &manifest(&["r /data"], &["/data/shadow", "/root/.ssh", "/root/none"]));
    assert_eq!(root.shell("ls /data; cat /data/other").output(), "keys\nother\nshadow\nother\n");
    assert_eq!(root.shell("cat /data/shadow /data/keys/id /root/.ssh/id").denials(), (String::new(), 3));
    let closed = root.shell("cat /data/other").options("--except /data/other");
    assert_eq!(closed.denials(), (String::new(), 1));
}

#[test]
#[ignore = "needs root"]
fn volumes_are_granted_where_they_are_mounted() {
    let root = Root::new();
    for path in ["/data/file", "/config/file", "/secret/file"] {
        root.file(path, path);
    }
    root.link("/bent", "/secret");
    let start = root.shell("cat /data/file /config/file; echo x >/data/new; ls /data");
    let options = "--rw /data --ro /config --rw /bent --ro /none";
    assert_eq!(start.options(options).output(), "/data/file/config/filefile\nnew\n");
    assert_eq!(root.shell("touch /config/new").options(options).denials().1, 1);
    assert_eq!(root.shell("cat /secret/file").options(options).denials().1, 1);
    assert_eq!(root.shell("cat /data/file").denials().1, 1);
}

#[test]
#[ignore = "needs root"]
fn variables_stand_for_what_the_process_has() {
    let root = Root::new();
    for path in
        ["/srv/app/main", "/home/app/file", "/home/app/.ssh/id", "/run/user/1000/file", "/run/user/0/file"]
    {
        root.file(path, "content\n");
    }
    root.profile("test", &manifest(&["r $WORKDIR", "r $HOME", "r /run/user/$UID"], &["$HOME/.ssh"]));
    let read = "cat main /home/app/file /run/user/1000/file";
    assert_eq!(root.shell(read).user(1000).working_in("/srv/app").output(), "content\n".repeat(3));
    assert_eq!(root.shell("cat /run/user/0/file /home/app/.ssh/id /srv/app/main").user(1000).denials().1, 3);
    assert_eq!(root.shell("cat /home/app/file /run/user/1000/file").denials().1, 2);
    assert_eq!(root.shell("cat passwd").working_in("/etc").denials().1, 1, "forbidden ground");
    root.mode("/srv/app", 0o711);
    assert_eq!(
        root.shell("cat main").user(1000).working_in("/srv/app").output(),
        "content\n",
        "searched, not listed"
    );
}

#[test]
#[ignore = "needs root"]
fn passwd_is_read_only_where_it_is_a_file_of_a_sane_size() {
    let root = Root::new();
    root.file("/home/app/file", "home\n");
    root.profile("test", &manifest(&["r $HOME"], &[]));
    let start = root.shell("cat /home/app/file").user(1000);
    assert_eq!(start.output(), "home\n");
    for passwd in [
        "mv ROOT/etc/passwd ROOT/etc/elsewhere; ln -s elsewhere ROOT/etc/passwd",
        "rm ROOT/etc/passwd; mkfifo ROOT/etc/passwd",
        "rm -f ROOT/etc/passwd; mkdir ROOT/etc/passwd",
        "rm -r ROOT/etc/passwd",
        "cat ROOT/etc/elsewhere /dev/zero | head -c 1048577 >ROOT/etc/passwd",
    ] {
        assert_eq!(start.clone().before(passwd).denials(), (String::new(), 1), "{passwd}");
    }
    let largest = "cat ROOT/etc/elsewhere /dev/zero | head -c 1048576 >ROOT/etc/passwd";
    assert_eq!(start.before(largest).output(), "home\n");
}

#[test]
#[ignore = "needs root"]
fn what_the_process_cannot_look_into_stays_closed_as_a_whole() {
    let root = Root::new();
    for path in
        ["/data/locked/a/key", "/data/locked/a/file", "/data/open", "/elsewhere/key", "/elsewhere/file"]
    {
        root.file(path, "content\n");
    }
    root.link("/data/locked/1", "/elsewhere/key");
    root.mode("/data/locked", 0o711);
    let start = |line| root.shell(line).user(1000);

    root.profile("test", &manifest(&["r /data"], &["/data/locked/*/key"]));
    assert_eq!(
        start("cat /data/open /data/locked/a/key /data/locked/a/file").denials(),
        ("content\n".to_owned(), 2)
    );
    root.profile("test", &manifest(&["r /data"], &["/data/locked/a/key"]));
    assert_eq!(start("cat /data/open /data/locked/a/key").denials(), ("content\n".to_owned(), 1));

    // As many names as are worth a listing, which is refused here: so they are tried one by one.
    let names: Vec<String> = (1..10).map(|number| format!("/data/locked/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    root.profile("test", &manifest(&["r /elsewhere"], &names));
    assert_eq!(start("cat /elsewhere/file /elsewhere/key").denials(), ("content\n".to_owned(), 1));

    root.mode("/data/locked", 0o700);
    root.profile("test", &manifest(&["r /data"], &["/data/locked/a/key"]));
    assert_eq!(start("cat /data/open /data/locked/a/file").denials(), ("content\n".to_owned(), 1));
}
