//! An OCI process: the one of config.json, or the file that describes an exec.

use crate::oci::object::{Malformed, Object, quote};

/// Members of a process that matter here.
pub const PROCESS_MEMBERS: [&str; 5] = ["args", "cwd", "env", "user", "capabilities"];

/// What is read of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Name and arguments, at least the name.
    pub args: Vec<String>,
    /// Where it starts, absolute.
    pub cwd: String,
    /// `NAME=value` entries.
    pub env: Vec<String>,
    /// Who it is in the container.
    pub user: User,
    /// Effective capabilities, such as `CAP_CHOWN`.
    pub effective_capabilities: Vec<String>,
}

/// A user by numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Further group ids.
    pub additional_gids: Vec<u32>,
}

impl Process {
    /// Reads a process.
    ///
    /// # Errors
    /// A member of another type, no command, or a working directory that is not absolute.
    pub fn read(object: &Object) -> Result<Self, Malformed> {
        let args: Vec<String> = object.read("args")?.unwrap_or_default();
        if args.is_empty() {
            return Err("args: there is no command".to_owned());
        }
        let cwd: String = object.read("cwd")?.unwrap_or_default();
        if !cwd.starts_with('/') {
            return Err(format!("cwd: {cwd:?} is not absolute"));
        }
        Ok(Self {
            args,
            cwd,
            env: object.read("env")?.unwrap_or_default(),
            user: read_user(object)?,
            effective_capabilities: read_capabilities(object)?,
        })
    }

    /// The first `NAME=value` entry that counts for the runtime: the last one.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.iter().rev().find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='))
    }
}

/// An argument vector as a JSON array.
#[must_use]
pub fn arguments_as_json(arguments: &[String]) -> String {
    let quoted: Vec<String> = arguments.iter().map(|argument| quote(argument)).collect();
    format!("[{}]", quoted.join(","))
}

fn read_user(process: &Object) -> Result<User, Malformed> {
    let Some(user) = process.object("user", &["uid", "gid", "additionalGids"])? else {
        return Ok(User::default());
    };
    let number = |name: &str| user.read(name).map(Option::unwrap_or_default);
    Ok(User {
        uid: number("uid")?,
        gid: number("gid")?,
        additional_gids: user.read("additionalGids")?.unwrap_or_default(),
    })
}

fn read_capabilities(process: &Object) -> Result<Vec<String>, Malformed> {
    let Some(capabilities) = process.object("capabilities", &["effective"])? else { return Ok(Vec::new()) };
    Ok(capabilities.read("effective")?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Process, Malformed> {
        Process::read(&Object::parse(json.as_bytes(), &PROCESS_MEMBERS)?)
    }

    #[test]
    fn as_containerd_writes_it() {
        let json = include_str!("../../tests/recorded/process.json");
        let process = read(json).unwrap();
        assert_eq!(process.args, ["id"]);
        assert_eq!(process.cwd, "/home/user");
        assert_eq!(process.user, User { uid: 1000, gid: 1000, additional_gids: vec![1000] });
        assert_eq!(process.variable("NONO_PROFILE"), Some("workspace"));
        assert!(process.effective_capabilities.iter().any(|name| name == "CAP_DAC_OVERRIDE"));
    }

    #[test]
    fn the_last_variable_of_a_name_counts() {
        let process = read(r#"{"args":["a"],"cwd":"/","env":["PATH=/a","PATHS=/c","PATH=/b","X"]}"#).unwrap();
        assert_eq!(process.variable("PATH"), Some("/b"));
        assert_eq!(process.variable("X"), None);
        assert_eq!(process.user, User::default());
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            r#"{"cwd":"/"}"#,
            r#"{"args":[],"cwd":"/"}"#,
            r#"{"args":null,"cwd":"/"}"#,
            r#"{"args":"a","cwd":"/"}"#,
            r#"{"args":[1],"cwd":"/"}"#,
            r#"{"args":["a"]}"#,
            r#"{"args":["a"],"cwd":""}"#,
            r#"{"args":["a"],"cwd":"a"}"#,
            r#"{"args":["a"],"cwd":"/","env":{}}"#,
            r#"{"args":["a"],"cwd":"/","user":{"uid":-1}}"#,
            r#"{"args":["a"],"cwd":"/","user":{"uid":4294967296}}"#,
            r#"{"args":["a"],"cwd":"/","user":{"uid":0,"UID":1}}"#,
            r#"{"args":["a"],"cwd":"/","capabilities":{"effective":[1]}}"#,
            r#"{"args":["a"],"cwd":"/","capabilities":{"effective":[],"Effective":["CAP_SYS_ADMIN"]}}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn arguments_go_out_as_they_came() {
        let arguments = ["a b", "\"\\\n\u{0}\u{1f600}", ""].map(str::to_owned);
        let json = arguments_as_json(&arguments);
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), arguments);
    }
}
