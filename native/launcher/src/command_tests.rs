use std::ffi::CStr;
use std::fs::{self, Permissions};
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use kubefence_policy::pattern::PathPattern;

use super::*;
use crate::tree::{Tree, pattern};

/// A tree with a program of this mode at `path`.
fn with_program(path: &str, mode: u32) -> Tree {
    let tree = Tree::of(&[path]);
    fs::set_permissions(tree.host_path(path), Permissions::from_mode(mode)).unwrap();
    tree
}

fn c_string(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap()
}

/// The status of the refusal, its whole line, or the path that was found.
fn find_as_text(name: &str, path: &str) -> Result<String, (u8, String)> {
    let found = find_in(&CString::new(name).unwrap(), path.as_bytes());
    found
        .map(|path| path.into_string().unwrap())
        .map_err(|error| (error.code.exit_status(), error.to_string()))
}

fn status(name: &str, path: &str) -> u8 {
    find_as_text(name, path).unwrap_err().0
}

#[test]
fn the_first_path_of_the_environment_counts() {
    let environment = |strings: &[&'static CStr]| search_path(StringVector::leak(strings.to_vec()));
    assert_eq!(environment(&[c"XPATH=/x", c"PATH=/a:/b", c"PATH=/c"]), b"/a:/b");
    assert_eq!(environment(&[c"HOME=/root", c"PATH"]), b"");
    let tree = with_program("d/tool", 0o755);
    let directory = tree.host_path("d").display().to_string();
    let path: &'static CStr =
        Box::leak(CString::new(format!("PATH={directory}")).unwrap().into_boxed_c_str());
    let found = find(c"tool", StringVector::leak(vec![path])).unwrap();
    assert_eq!(found.to_str().unwrap(), format!("{directory}/tool"));
}

#[test]
fn a_name_without_a_slash_is_looked_up_in_the_directories_of_path() {
    let tree = with_program("second/tool", 0o755);
    for entry in ["first/plain", "first/tool/", "third/tool"] {
        fs::create_dir_all(tree.host_path(entry).parent().unwrap()).unwrap();
        fs::write(tree.host_path(entry), "").or_else(|_| fs::create_dir(tree.host_path(entry))).unwrap();
    }
    let path = |names: &[&str]| {
        names.iter().map(|name| tree.host_path(name).display().to_string()).collect::<Vec<_>>().join(":")
    };
    let at = |entry: &str| tree.host_path(entry).display().to_string();
    assert_eq!(find_as_text("tool", &path(&["none", "first", "third", "second"])), Ok(at("second/tool")));
    let (exit, line) = find_as_text("tool", &path(&["first", "third"])).unwrap_err();
    assert!(exit == 126 && line.contains("first/tool") && line.contains("Is a directory"), "{line}");
    let (exit, line) = find_as_text("tool", &path(&["none", "third"])).unwrap_err();
    assert!(exit == 126 && line.contains("third/tool") && line.contains("Permission denied"), "{line}");
    let (exit, line) = find_as_text("tool", &path(&["none"])).unwrap_err();
    assert!(exit == 127 && line.contains("it is in no directory of PATH"), "{line}");
    let (exit, line) = find_as_text("tool", "").unwrap_err();
    assert!(exit == 127 && line.contains("PATH is not set"), "{line}");
    assert_eq!(status("", &path(&["second"])), 127, "no name is no directory");
}

#[test]
fn a_name_with_a_slash_is_taken_as_it_is() {
    let tree = with_program("d/tool", 0o755);
    fs::write(tree.host_path("d/plain"), "").unwrap();
    std::os::unix::fs::symlink("loop", tree.host_path("d/loop")).unwrap();
    let at = |entry: &str| tree.host_path(entry).display().to_string();
    assert_eq!(find_as_text(&at("d/tool"), ""), Ok(at("d/tool")));
    for (entry, exit) in [("d/plain", 126), ("d", 126), ("none", 127), ("d/tool/x", 127), ("d/loop", 127)] {
        assert_eq!(status(&at(entry), &at("d")), exit, "{entry}");
    }
    assert_eq!(status(&format!("/{}", "n".repeat(256)), ""), 127);
}

#[test]
fn only_absolute_directories_that_are_not_the_launchers_are_searched() {
    for element in ["/bin", "//bin/", "/nonode", "/bin/nono", "/./bin"] {
        assert!(is_searched(element.as_bytes()), "{element}");
    }
    for element in ["", ".", "bin", "../bin", "/nono", "//nono/", "/./nono", "/nono/profiles"] {
        assert!(!is_searched(element.as_bytes()), "{element}");
    }
}

/// Whether the program at `path` of the machine's tree would be granted.
fn is_granted(path: &CStr, exceptions: &[PathPattern]) -> bool {
    let walker = Walker::new(Path::new("/")).unwrap();
    let exclusions = Exclusions::find(&walker, exceptions).unwrap();
    to_grant(&walker, &exclusions, path).unwrap().is_some()
}

#[test]
fn a_regular_file_with_an_execute_bit_is_granted() {
    for (mode, granted) in [(0o755, true), (0o100, true), (0o001, true), (0o644, false), (0o4644, false)] {
        let tree = with_program("tool", mode);
        assert_eq!(is_granted(&c_string(&tree.host_path("tool")), &[]), granted, "{mode:o}");
    }
    let tree = Tree::of(&["folder/"]);
    assert!(!is_granted(&c_string(&tree.host_path("folder")), &[]));
    assert!(!is_granted(&c_string(&tree.host_path("none")), &[]));
    let fifo = tree.host_path("fifo");
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
    assert!(!is_granted(&c_string(&fifo), &[]));
    let place = Walker::new(&tree.host_path("")).unwrap().resolve(&crate::tree::path("/fifo")).unwrap();
    assert!(!is_program(&place).unwrap());
}

#[test]
fn what_is_closed_or_the_kernels_own_is_not_granted() {
    let tree = with_program("closed/tool", 0o755);
    let path = tree.host_path("closed/tool");
    let closed = pattern(tree.host_path("closed").to_str().unwrap());
    assert!(is_granted(&c_string(&path), &[]));
    assert!(!is_granted(&c_string(&path), &[closed]));

    let of_the_kernel = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    fs::set_permissions(of_the_kernel.path(), Permissions::from_mode(0o755)).unwrap();
    assert!(!is_granted(&c_string(of_the_kernel.path()), &[]));
}

#[test]
fn a_path_that_the_kernel_takes_for_something_else_is_not_granted() {
    let tree = with_program("tool", 0o755);
    let open = fs::File::open(tree.host_path("tool")).unwrap();
    let magic = CString::new(format!("/proc/self/fd/{}", open.as_raw_fd())).unwrap();
    assert!(is_granted(&magic, &[]));
    // The link now reads like this, and leads to the file that is gone all the same.
    fs::rename(tree.host_path("tool"), tree.host_path("tool (deleted)")).unwrap();
    fs::copy(tree.host_path("tool (deleted)"), tree.host_path("gone")).unwrap();
    let open = fs::File::open(tree.host_path("gone")).unwrap();
    fs::remove_file(tree.host_path("gone")).unwrap();
    fs::rename(tree.host_path("tool (deleted)"), tree.host_path("gone (deleted)")).unwrap();
    let magic = CString::new(format!("/proc/self/fd/{}", open.as_raw_fd())).unwrap();
    assert!(!is_granted(&magic, &[]));
}
