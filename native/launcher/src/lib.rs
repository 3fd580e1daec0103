//! The launcher: see README.md for what it does step by step.

pub mod command;
pub mod domain;
pub mod error;
pub mod exclusions;
mod filter;
pub mod grants;
pub mod inherited;
pub mod installed;
pub mod judgement;
pub mod kernel;
pub mod listing;
pub mod passwd;
pub mod place;
pub mod probe;
pub mod profile;
pub mod proof;
pub mod seccomp;
pub mod socket_filter;
#[cfg(test)]
mod tree;
pub mod truncate_filter;
pub mod variables;
pub mod walk;
pub mod wrap;

use std::io::Write as _;

use kubefence_policy::arguments::{self, Invocation};

use error::{Code, LaunchError};
use kernel::StringVector;
use probe::Probe;

/// Does what the arguments ask for; answers the exit status when the process was not replaced.
#[must_use]
pub fn run(arguments: StringVector, environment: StringVector) -> u8 {
    let strings = arguments.strings();
    let bytes: Vec<&[u8]> = strings.iter().map(|string| string.to_bytes()).collect();
    match arguments::parse(&bytes) {
        Ok(Invocation::Version) => print(&format!("nono {} (Kubefence launcher)", env!("CARGO_PKG_VERSION"))),
        Ok(Invocation::Probe) => {
            let probe = Probe::run();
            print(&probe.to_json()).max(u8::from(!probe.works()))
        }
        Ok(Invocation::Wrap(wrap)) => match inherited::close() {
            Ok(()) => refuse(&wrap::run(&wrap, arguments, environment)),
            Err(error) => refuse(&error),
        },
        Err(error) => refuse(&LaunchError::new(
            Code::Usage,
            "the command line is refused",
            error,
            "use: nono wrap --profile NAME [--scope-signals] [--seccomp NAME] [--rw PATH]... [--ro PATH]... \
             [--except PATH]... -- COMMAND [ARGS], nono --probe, or nono --version",
        )),
    }
}

fn print(line: &str) -> u8 {
    u8::from(writeln!(std::io::stdout().lock(), "{line}").is_err())
}

/// The one line that is ever written to standard error. Nobody may be left to read it; the status counts.
fn refuse(error: &LaunchError) -> u8 {
    let _ = std::io::stderr().write_all(format!("{error}\n").as_bytes());
    error.code.exit_status()
}
