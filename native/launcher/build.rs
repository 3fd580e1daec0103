//! Puts what a launcher without its folders needs into the binary: the built-in manifests of `profiles/generated`, one line
//! each, and the filters of `seccomp/generated` for the machine that it is built for. All checked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::manifest::Manifest;
use kubefence_seccomp::compile::compile;
use kubefence_seccomp::interface::Machine;
use kubefence_seccomp::policy::Policy;

fn main() {
    write_table("built_in.rs", "profiles/generated", |name, json| {
        Manifest::parse(json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let value: serde_json::Value = serde_json::from_slice(json).unwrap();
        format!("{:?}", value.to_string())
    });
    let target = env::var("CARGO_CFG_TARGET_ARCH").unwrap();
    let machine = Machine::ALL.into_iter().find(|machine| machine.name() == target);
    let machine = machine.unwrap_or_else(|| panic!("there are no filters for {target}"));
    write_table("built_in_filters.rs", "seccomp/generated", |name, json| {
        let policy = Policy::parse(json, machine).unwrap_or_else(|error| panic!("{name}: {error}"));
        let filter = compile(&policy).unwrap_or_else(|error| panic!("{name}: {error}"));
        format!("&{:?}", filter.to_bytes())
    });
}

/// A slice of pairs in Rust: the name of each JSON file of `folder`, and what `value` makes of it.
fn write_table(table_file: &str, folder: &str, value: impl Fn(&str, &[u8]) -> String) {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../..").join(folder);
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();

    let mut table = String::from("&[");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap();
        assert!(ProfileName::parse(name.as_bytes()).is_some(), "{name} is no name of a profile or policy");
        write!(table, "({name:?}, {}),", value(name, &fs::read(file).unwrap())).unwrap();
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join(table_file), table).unwrap();
}
