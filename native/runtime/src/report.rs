//! Telling what is not started: where the container engine looks for the runtime's error, on standard error as runc
//! does, and in the node's own log.

use std::io::Write as _;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use crate::command_line::Global;
use crate::files::node_log::timestamp;

/// A line of runc's log.
#[derive(Serialize)]
struct Line<'a> {
    level: &'a str,
    msg: &'a str,
    time: &'a str,
}

/// Writes the error as the real runtime would. Whoever asked sees the exit code in any case.
pub fn write_error(global: &Global, message: &str) {
    let time = timestamp();
    let line = if global.log_is_json {
        serde_json::to_string(&Line { level: "error", msg: message, time: &time }).unwrap_or_default()
    } else {
        format!("time=\"{time}\" level=error msg={message:?}")
    };
    let on_stderr = match &global.log {
        Some(log) => {
            let _ = append(log, &format!("{line}\n"));
            message
        }
        None => &line,
    };
    let _ = writeln!(std::io::stderr(), "{on_stderr}");
}

fn append(log: &Path, line: &str) -> Result<(), Errno> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::ROTH;
    let file = rustix::fs::openat(CWD, log, flags, mode)?;
    rustix::io::write(&file, line.as_bytes()).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_one_json_object_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path().join("log.json");
        let global = Global { log: Some(log.clone()), log_is_json: true, ..Global::default() };
        write_error(&global, "first \"line\"\n");
        write_error(&global, "second");
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["msg"], "first \"line\"\n");
        assert_eq!(lines[1]["level"], "error");
    }
}
