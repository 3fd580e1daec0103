//! Puts the built-in manifests of `profiles/generated` into the binary, one line each, checked.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::manifest::Manifest;

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../profiles/generated");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();

    let mut table = String::from("&[");
    for file in &files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_stem().and_then(|name| name.to_str()).unwrap();
        assert!(ProfileName::parse(name.as_bytes()).is_some(), "{name} is no profile name");
        let json = fs::read(file).unwrap();
        Manifest::parse(&json).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        write!(table, "({name:?}, {:?}),", value.to_string()).unwrap();
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("built_in.rs"), table).unwrap();
}
