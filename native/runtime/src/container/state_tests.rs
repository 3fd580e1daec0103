use std::fs;
use std::process::{Child, Command};

use super::*;

struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self(Command::new("sleep").arg("60").spawn().unwrap())
    }

    fn start_time(&self) -> u64 {
        let stat = fs::read(format!("/proc/{}/stat", self.0.id())).unwrap();
        parse_stat(&stat).unwrap().1
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn id() -> ContainerId {
    ContainerId::parse(b"c1").unwrap()
}

fn runc(pid: u32, start_time: u64) -> String {
    format!(
        r#"{{"id":"c1","init_process_pid":{pid},"init_process_start":{start_time},"other":[],
            "config":{{"rootfs":"/r","labels":["a=b","bundle=/run/b/c1"]}}}}"#
    )
}

fn crun(pid: u32, start_time: u64) -> String {
    format!(r#"{{"pid":{pid},"process-start-time":{start_time},"rootfs":"/r","bundle":"/run/b/c1"}}"#)
}

fn find_with(name: &str, json: &str) -> Result<Running, Refusal> {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("c1")).unwrap();
    fs::write(root.path().join("c1").join(name), json).unwrap();
    find(Some(root.path()), &id())
}

#[test]
fn runc_and_crun_say_where() {
    let sleeper = Sleeper::start();
    let (pid, start_time) = (sleeper.0.id(), sleeper.start_time());
    for (name, json) in [("state.json", runc(pid, start_time)), ("status", crun(pid, start_time))] {
        let running = find_with(name, &json).unwrap();
        assert_eq!(running.bundle, Path::new("/run/b/c1"), "{name}");
        let own = fs::read_to_string("/proc/self/uid_map").unwrap();
        assert_eq!(running.maps_users(), !own.contains("4294967295"));
    }
}

#[test]
fn another_process_of_that_pid_is_not_the_container() {
    let sleeper = Sleeper::start();
    let refusal = find_with("state.json", &runc(sleeper.0.id(), sleeper.start_time() + 1)).unwrap_err();
    assert_eq!(refusal.code, Code::State);
    assert!(refusal.to_string().contains("is another one by now"), "{refusal}");
}

#[test]
fn a_process_that_ended_is_not_found() {
    let sleeper = Sleeper::start();
    let json = runc(sleeper.0.id(), sleeper.start_time());
    drop(sleeper);
    assert!(find_with("state.json", &json).unwrap_err().to_string().contains("has ended"));
}

#[test]
fn no_state_or_a_malformed_one_is_refused() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(find(Some(root.path()), &id()).unwrap_err().code, Code::State);
    for json in [
        String::new(),
        "{}".to_owned(),
        runc(0, 1),
        runc(1, 1).replace("bundle=/run", "bundle=run"),
        runc(1, 1).replace("a=b", "bundle=/x"),
        runc(1, 1).replace("\"labels\"", "\"label\""),
        runc(1, 1).replace("init_process_start", "start"),
    ] {
        assert_eq!(find_with("state.json", &json).unwrap_err().code, Code::State, "{json}");
    }
    assert_eq!(
        find_with("status", &crun(1, 1).replace("\"bundle\"", "\"b\"")).unwrap_err().code,
        Code::State
    );
}

#[test]
fn the_name_of_a_process_cannot_move_the_fields() {
    let rest = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
    assert_eq!(parse_stat(format!("12 (a) R 9) {rest}").as_bytes()), Some((b'S', 4711)));
    assert_eq!(parse_stat(format!("12 (\u{fffd}\n) {rest}").as_bytes()), Some((b'S', 4711)));
    assert_eq!(parse_stat(b"12 (a) S 1 2"), None);
    assert_eq!(parse_stat(b""), None);
}
