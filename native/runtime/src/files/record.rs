//! What nono-runc keeps about a container, in a file of its bundle: the runtime deletes it with the bundle.

use std::path::{Path, PathBuf};

use kubefence_policy::arguments::{ContainerOptions, ProfileName};
use kubefence_policy::path::AbsolutePath;
use kubefence_policy::recorded::{Digest, RecordedPlace, RecordedPlaces};
use serde::{Deserialize, Serialize};

use crate::files::{replace, trusted};
use crate::policy::pod::PodNames;
use crate::refusal::{Code, Refusal};

const FILE_NAME: &str = "nono-runc.json";
const FORMAT: u32 = 1;
/// A record holds one path a mount at most.
const MAX_RECORD_BYTES: usize = 4 << 20;

/// A container that was created through nono-runc.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose container it is.
    pub names: PodNames,
    /// What holds for its processes; `None` for the pod's own sandbox container, which runs no image of the pod.
    pub sandbox: Option<Sandbox>,
}

/// What holds for every process of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandbox {
    /// The profile's name.
    pub profile: ProfileName,
    /// Which bytes the profile is, for as long as the container lives.
    pub digest: Digest,
    /// The launcher's options.
    pub options: ContainerOptions,
    /// Where the first process starts, as the pod or image spells it.
    pub workdir: String,
    /// The first process's uid in the container.
    pub uid: u32,
    /// Where the profile's variables really led at the start; `None` before it.
    pub started: Option<RecordedPlaces>,
}

/// The record as its file spells it. Paths are those of config.json, so they are text.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: u32,
    namespace: String,
    pod: String,
    container: String,
    sandbox: Option<SandboxDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SandboxDocument {
    profile: String,
    digest: String,
    scope_signals: bool,
    seccomp: Option<String>,
    read_write: Vec<String>,
    read_only: Vec<String>,
    except: Vec<String>,
    workdir: String,
    uid: u32,
    started: Option<StartedDocument>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartedDocument {
    workdir: Option<String>,
    home: Option<String>,
}

/// Writes the record into the bundle, over an earlier one.
///
/// # Errors
/// `WRITE_FAILED`; `MOUNT_PATH_INVALID` where what must stay closed could not be recorded.
pub fn write(bundle: &Path, record: &Record) -> Result<(), Refusal> {
    let path = path_in(bundle);
    let closed = record.sandbox.iter().flat_map(|sandbox| &sandbox.options.except);
    if let Some(lost) = closed.into_iter().find(|path| text_of(path).is_none()) {
        return Err(Refusal::new(
            Code::MountPath,
            format!("a mount that must stay closed is really at {lost}"),
            "that is no UTF-8, so it could not be kept closed for processes that are sent in later",
            "mount no volume below a symbolic link to such a name",
        ));
    }
    let failed = |why: &dyn std::fmt::Display| {
        let what = format!("{} cannot be written", path.display());
        Refusal::new(Code::Write, what, why, "make room on the file system of the container runtime's state")
    };
    let json = serde_json::to_vec(&Document::from(record)).map_err(|error| failed(&error))?;
    replace::replace(&path, &json, None).map_err(|error| failed(&error))
}

/// Reads the record of a container from its bundle.
///
/// # Errors
/// `NO_RECORD`, also when what is there is not what [`write`] wrote.
pub fn read(bundle: &Path) -> Result<Record, Refusal> {
    let path = path_in(bundle);
    let missing = |why: &dyn std::fmt::Display| {
        let what = format!("nothing is recorded about the container in {}", path.display());
        Refusal::new(
            Code::Record,
            what,
            why,
            "create the pod again: containers that were not created through this handler's nono-runc cannot be entered",
        )
    };
    let (json, _) = trusted::read(&path, MAX_RECORD_BYTES).map_err(|error| missing(&error))?;
    let document: Document = serde_json::from_slice(&json).map_err(|error| missing(&error))?;
    Record::try_from(document).map_err(|what| missing(&format!("{what} is not what nono-runc writes")))
}

fn path_in(bundle: &Path) -> PathBuf {
    bundle.join(FILE_NAME)
}

impl From<&Record> for Document {
    fn from(record: &Record) -> Self {
        Self {
            format: FORMAT,
            namespace: record.names.namespace.clone(),
            pod: record.names.pod.clone(),
            container: record.names.container.clone(),
            sandbox: record.sandbox.as_ref().map(SandboxDocument::from),
        }
    }
}

impl From<&Sandbox> for SandboxDocument {
    fn from(sandbox: &Sandbox) -> Self {
        let texts = |paths: &[AbsolutePath]| paths.iter().filter_map(text_of).collect();
        Self {
            profile: sandbox.profile.as_str().to_owned(),
            digest: sandbox.digest.as_str().to_owned(),
            scope_signals: sandbox.options.scope_signals,
            seccomp: sandbox.options.seccomp.as_ref().map(|name| name.as_str().to_owned()),
            read_write: texts(&sandbox.options.read_write),
            read_only: texts(&sandbox.options.read_only),
            except: texts(&sandbox.options.except),
            workdir: sandbox.workdir.clone(),
            uid: sandbox.uid,
            started: sandbox.started.as_ref().map(|places| StartedDocument {
                workdir: places.workdir.path().and_then(text_of),
                home: places.home.path().and_then(text_of),
            }),
        }
    }
}

/// A place whose name is no UTF-8 is not recorded, so that nothing is granted there later; an exception's is refused.
fn text_of(path: &AbsolutePath) -> Option<String> {
    String::from_utf8(path.as_bytes().to_vec()).ok()
}

impl TryFrom<Document> for Record {
    type Error = &'static str;

    fn try_from(document: Document) -> Result<Self, Self::Error> {
        if document.format != FORMAT {
            return Err("its format");
        }
        let names =
            PodNames { namespace: document.namespace, pod: document.pod, container: document.container };
        Ok(Self { names, sandbox: document.sandbox.map(Sandbox::try_from).transpose()? })
    }
}

impl TryFrom<SandboxDocument> for Sandbox {
    type Error = &'static str;

    fn try_from(document: SandboxDocument) -> Result<Self, Self::Error> {
        let paths = |texts: &[String]| -> Result<Vec<AbsolutePath>, &'static str> {
            texts.iter().map(|text| parse_path(text)).collect()
        };
        let place = |text: Option<String>| match text {
            None => Ok(RecordedPlace::Nowhere),
            Some(text) => parse_path(&text).map(RecordedPlace::At),
        };
        let started = match document.started {
            None => None,
            Some(started) => {
                Some(RecordedPlaces { workdir: place(started.workdir)?, home: place(started.home)? })
            }
        };
        Ok(Self {
            profile: ProfileName::parse(document.profile.as_bytes()).ok_or("the profile")?,
            digest: Digest::parse(document.digest.as_bytes()).ok_or("the digest")?,
            options: ContainerOptions {
                scope_signals: document.scope_signals,
                seccomp: document
                    .seccomp
                    .map(|name| ProfileName::parse(name.as_bytes()).ok_or("the seccomp policy"))
                    .transpose()?,
                read_write: paths(&document.read_write)?,
                read_only: paths(&document.read_only)?,
                except: paths(&document.except)?,
            },
            workdir: document.workdir,
            uid: document.uid,
            started,
        })
    }
}

fn parse_path(text: &str) -> Result<AbsolutePath, &'static str> {
    AbsolutePath::parse(text.as_bytes()).map_err(|_| "a path")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> AbsolutePath {
        AbsolutePath::parse(text.as_bytes()).unwrap()
    }

    fn record(started: Option<RecordedPlaces>) -> Record {
        Record {
            names: PodNames { namespace: "a".to_owned(), pod: "b".to_owned(), container: "c".to_owned() },
            sandbox: Some(Sandbox {
                profile: ProfileName::parse(b"default").unwrap(),
                digest: Digest::parse("ab".repeat(32).as_bytes()).unwrap(),
                options: ContainerOptions {
                    scope_signals: true,
                    seccomp: ProfileName::parse(b"restricted"),
                    read_write: vec![path("/a\n\u{e4}")],
                    read_only: vec![],
                    except: vec![path("/b"), path("/c")],
                },
                workdir: "/w".to_owned(),
                uid: 1000,
                started,
            }),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bundle = tempfile::tempdir().unwrap();
        let started = RecordedPlaces { workdir: RecordedPlace::At(path("/w")), home: RecordedPlace::Nowhere };
        for record in [record(None), record(Some(started)), Record { sandbox: None, ..record(None) }] {
            write(bundle.path(), &record).unwrap();
            assert_eq!(read(bundle.path()), Ok(record));
        }
    }

    #[test]
    fn a_place_that_is_no_text_is_nowhere_afterwards() {
        let bundle = tempfile::tempdir().unwrap();
        let odd = AbsolutePath::parse(b"/\xff").unwrap();
        let started = RecordedPlaces { workdir: RecordedPlace::At(odd), home: RecordedPlace::Nowhere };
        write(bundle.path(), &record(Some(started))).unwrap();
        let sandbox = read(bundle.path()).unwrap().sandbox.unwrap();
        assert_eq!(sandbox.started.unwrap().workdir, RecordedPlace::Nowhere);
    }

    #[test]
    fn an_exception_that_is_no_text_is_refused_and_not_forgotten() {
        let bundle = tempfile::tempdir().unwrap();
        let mut odd = record(None);
        odd.sandbox.as_mut().unwrap().options.except.push(AbsolutePath::parse(b"/b/\xff").unwrap());
        assert_eq!(write(bundle.path(), &odd).unwrap_err().code, Code::MountPath);
        assert_eq!(read(bundle.path()).unwrap_err().code, Code::Record);
    }

    #[test]
    fn anything_else_is_no_record() {
        let bundle = tempfile::tempdir().unwrap();
        assert_eq!(read(bundle.path()).unwrap_err().code, Code::Record);
        write(bundle.path(), &record(None)).unwrap();
        let file = path_in(bundle.path());
        let good = std::fs::read_to_string(&file).unwrap();
        for bad in [
            good.replace("\"format\":1", "\"format\":2"),
            good.replace("\"uid\"", "\"gid\""),
            good.replace("/b", "b"),
            good.replace("abab", "ABAB"),
            good.replace("\"default\"", "\"../x\""),
            good.replace("\"restricted\"", "\"../x\""),
            good.replace("\"uid\":1000", "\"uid\":1000,\"uid\":0"),
            String::new(),
        ] {
            std::fs::write(&file, &bad).unwrap();
            assert_eq!(read(bundle.path()).unwrap_err().code, Code::Record, "{bad}");
        }
    }
}
