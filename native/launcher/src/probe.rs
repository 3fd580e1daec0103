//! `--probe`: what Landlock can do on this kernel, as one line of JSON.

use kubefence_policy::manifest::TcpRules;
use landlock::Erratum;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use crate::domain::{self, Domain};

/// The line that `--probe` prints.
#[derive(Debug, Serialize)]
pub struct Probe {
    version: &'static str,
    landlock: Landlock,
    kernel: String,
}

#[derive(Debug, Serialize)]
struct Landlock {
    abi: i32,
    errata: u32,
    denied_open: bool,
}

impl Probe {
    /// Asks the kernel, then restricts this process to nothing to see one open denied.
    #[must_use]
    pub fn run() -> Self {
        let abi = domain::kernel_abi();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            landlock: Landlock {
                abi,
                errata: if abi > 0 { Erratum::current().bits() } else { 0 },
                denied_open: abi > 0 && is_open_denied(abi),
            },
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        }
    }

    /// True when Landlock denied what it had to.
    #[must_use]
    pub fn works(&self) -> bool {
        self.landlock.denied_open
    }

    /// The probe as JSON, without a line end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn is_open_denied(abi: i32) -> bool {
    let open = || rustix::fs::open("/", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let restrict = || Domain::new(abi, &TcpRules::default(), false)?.enforce();
    open().is_ok() && restrict().is_ok() && open().err() == Some(Errno::ACCESS)
}
