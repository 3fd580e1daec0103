//! One start of a program in a root, and what it left behind.

use std::env;
use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::enter::{self, Steps};
use crate::root::Root;

const LAUNCHER: &str = env!("CARGO_BIN_EXE_nono");

/// What is mounted at the same place in the root: a launcher that is linked dynamically needs the machine's libraries.
const OF_THE_MACHINE: [&str; 4] = ["/lib", "/lib64", "/dev/null", "/dev/zero"];

/// One start.
#[derive(Clone)]
pub struct Start<'a> {
    root: &'a Root,
    profile: Option<&'a str>,
    options: Vec<&'a str>,
    command: Vec<&'a str>,
    user: u32,
    working_directory: &'a str,
    path: &'a str,
    before: String,
    answered: Vec<(i64, i32)>,
    has_proc: bool,
}

/// What a start left behind.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl<'a> Start<'a> {
    /// Without the launcher, unless it is the command.
    pub fn new(root: &'a Root, command: &[&'a str]) -> Self {
        Self {
            root,
            profile: None,
            options: Vec::new(),
            command: command.to_vec(),
            user: 0,
            working_directory: "/",
            path: "/bin",
            before: String::new(),
            answered: Vec::new(),
            has_proc: true,
        }
    }

    /// Under the launcher and this profile.
    pub fn profile(mut self, name: &'a str) -> Self {
        self.profile = Some(name);
        self
    }

    /// Options of the launcher, with blanks between.
    pub fn options(mut self, options: &'a str) -> Self {
        self.options.extend(options.split(' '));
        self
    }

    pub fn user(mut self, uid: u32) -> Self {
        self.user = uid;
        self
    }

    pub fn working_in(mut self, directory: &'a str) -> Self {
        self.working_directory = directory;
        self
    }

    pub fn path(mut self, path: &'a str) -> Self {
        self.path = path;
        self
    }

    pub fn without_proc(mut self) -> Self {
        self.has_proc = false;
        self
    }

    /// Shell lines on the host before the root is entered; `ROOT` stands for its path.
    pub fn before(mut self, lines: &str) -> Self {
        self.before.push_str(lines);
        self
    }

    /// The system call is not made, and answers with this error (0: success).
    pub fn answering(mut self, call: i64, error: i32) -> Self {
        self.answered.push((call, error));
        self
    }

    pub fn run(&self) -> Outcome {
        let output = self.command().output().unwrap();
        Outcome {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output of a command that was started and complained of nothing.
    pub fn output(&self) -> String {
        let outcome = self.run();
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
        outcome.stdout
    }

    /// Standard output of a command that was started, and how often it was denied something.
    pub fn denials(&self) -> (String, usize) {
        let outcome = self.run();
        let denied = outcome.stderr.lines().filter(|line| line.ends_with(": Permission denied"));
        assert_eq!(denied.clone().count(), outcome.stderr.lines().count(), "{outcome:?}");
        (outcome.stdout.clone(), denied.count())
    }

    /// Exit status and code of a refusal, which is one line and nothing else.
    pub fn refusal(&self) -> String {
        let Outcome { status, stdout, stderr } = self.run();
        let line = stderr.strip_suffix('\n').unwrap_or(&stderr);
        assert!(stdout.is_empty() && !line.contains('\n'), "{stdout:?} {stderr:?}");
        let code = line.strip_prefix("nono: ").and_then(|rest| rest.split_once(": "));
        format!("{status} {}", code.map_or(line, |(code, _)| code))
    }

    fn command(&self) -> Command {
        let root = self.root.at("").display().to_string();
        let at = |path: &str| c_string(&format!("{root}{path}"));
        let mut binds = vec![
            (at(""), at("")),
            (c_string(&self.root.launcher_directory().display().to_string()), at("/nono")),
            (c_string(LAUNCHER), at("/nono/nono")),
            (c_string("/bin/busybox"), at("/bin/busybox")),
        ];
        for path in OF_THE_MACHINE.into_iter().filter(|path| Path::new(path).exists()) {
            binds.push((c_string(path), at(path)));
        }
        let counters = counters();
        if let Some((folder, _)) = &counters {
            binds.push((c_string(folder), at("/counters")));
        }
        let mut words = self.command.clone();
        if let Some(profile) = self.profile {
            let launcher = ["/nono/nono", "wrap", "--profile", profile];
            words = [&launcher, self.options.as_slice(), &["--"], &words].concat();
        }
        let proc = self.has_proc.then(|| at("/proc"));
        let mut steps = Steps { binds, proc, root: None, answered: self.answered.clone() };
        let mut command = if self.before.is_empty() {
            steps.root = Some((at(""), c_string(self.working_directory), self.user));
            Command::new(words[0])
        } else {
            self.through_a_shell(&root, &words)
        };
        command.args(if self.before.is_empty() { &words[1..] } else { &[] });
        command.stdin(Stdio::null()).env_clear().env("PATH", self.path);
        command.envs(counters.map(|(_, file)| ("LLVM_PROFILE_FILE", file)));
        enter::before_exec(&mut command, steps);
        command
    }

    /// For what is to be done to the mounted root.
    fn through_a_shell(&self, root: &str, words: &[&str]) -> Command {
        let user = self.user.to_string();
        let enter = ["/usr/bin/unshare", "-R", root, "-w", self.working_directory];
        let become_user = ["-S", &user, "-G", &user];
        let all = [&enter[..], if self.user == 0 { &[] } else { &become_user[..] }, words].concat();
        let quoted: Vec<_> = all.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
        let path = "export PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        let before = self.before.replace("ROOT", root);
        let mut command = Command::new("/bin/sh");
        command.args([
            "-euc",
            &format!("{path}\n{before}\nexport PATH='{}'\nexec {}", self.path, quoted.join(" ")),
        ]);
        command
    }
}

/// In a coverage run: the folder in which the launcher counts what it runs through, and the file as it sees it. It opens
/// the file before anything else and keeps it in memory, since it can write none once it is restricted, and becomes
/// another program without an end of its own.
fn counters() -> Option<(String, String)> {
    let file = PathBuf::from(env::var_os("LLVM_PROFILE_FILE")?);
    let (folder, name) = (file.parent()?, file.file_name()?.to_str()?.split_once('%')?.0);
    fs::set_permissions(folder, Permissions::from_mode(0o1777)).ok()?;
    Some((folder.display().to_string(), format!("/counters/{name}%p%c.profraw")))
}

fn c_string(text: &str) -> CString {
    CString::new(text).unwrap()
}
