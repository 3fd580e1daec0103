//! `seccomp-compile MACHINE DIRECTORY POLICY.json...`: writes each policy's filter for MACHINE (`x86_64` or `aarch64`) to
//! DIRECTORY/NAME.bpf. Part of the build; nothing of it runs on a node.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use kubefence_seccomp::compile::compile;
use kubefence_seccomp::interface::Machine;
use kubefence_seccomp::policy::Policy;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let machine =
        arguments.first().and_then(|name| Machine::ALL.into_iter().find(|machine| machine.name() == name));
    let (Some(machine), Some(directory), Some(policies @ [_, ..])) =
        (machine, arguments.get(1), arguments.get(2..))
    else {
        eprintln!("use: seccomp-compile x86_64|aarch64 DIRECTORY POLICY.json...");
        return ExitCode::from(2);
    };
    for file in policies {
        if let Err(why) = write(machine, Path::new(directory), Path::new(file)) {
            eprintln!("seccomp-compile: {file}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn write(machine: Machine, directory: &Path, file: &Path) -> Result<(), String> {
    let json = fs::read(file).map_err(|error| error.to_string())?;
    let policy = Policy::parse(&json, machine)?;
    if file.file_stem().and_then(|stem| stem.to_str()) != Some(&policy.name) {
        return Err(format!("the file of policy {} has another name", policy.name));
    }
    let filter = compile(&policy)?;
    let target = directory.join(format!("{}.bpf", policy.name));
    fs::write(&target, filter.to_bytes()).map_err(|error| format!("{}: {error}", target.display()))
}
