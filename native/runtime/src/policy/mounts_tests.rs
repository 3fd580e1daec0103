use serde::Deserialize;

use super::*;
use crate::policy::pod::{PodNames, Role};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    name: String,
    pod: VectorPod,
    kubelet_root: String,
    profile: VectorProfile,
    mounts: Vec<VectorMount>,
    expect: Expectation,
}

#[derive(Deserialize)]
struct VectorPod {
    uid: String,
    sandbox_id: String,
}

#[derive(Deserialize)]
struct VectorProfile {
    volumes: VolumeAccess,
    config_volumes: bool,
    projected_volumes: bool,
    literal_exceptions: Vec<String>,
}

#[derive(Deserialize)]
struct VectorMount {
    destination: String,
    #[serde(rename = "type")]
    kind: String,
    source: String,
    options: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Expectation {
    Options { read_write: Vec<String>, read_only: Vec<String>, except: Vec<String> },
    Refused { refused: String },
}

fn path(text: &str) -> AbsolutePath {
    AbsolutePath::parse(text.as_bytes()).unwrap()
}

impl Vector {
    fn computed(&self) -> Expectation {
        let pod = PodContainer {
            role: Role::Workload,
            names: PodNames::default(),
            uid: self.pod.uid.clone(),
            sandbox_id: self.pod.sandbox_id.clone(),
            profile_annotation: None,
        };
        let profile = Profile {
            digest: kubefence_policy::recorded::Digest::parse(&[b'0'; 64]).unwrap(),
            volumes: self.profile.volumes,
            config_volumes: self.profile.config_volumes,
            projected_volumes: self.profile.projected_volumes,
            literal_exceptions: self.profile.literal_exceptions.iter().map(|text| path(text)).collect(),
        };
        let mounts: Vec<Mount> = self
            .mounts
            .iter()
            .map(|mount| Mount {
                destination: mount.destination.clone(),
                kind: mount.kind.clone(),
                source: mount.source.clone(),
                options: mount.options.clone(),
            })
            .collect();
        let texts = |paths: &[AbsolutePath]| {
            paths.iter().map(|path| String::from_utf8(path.as_bytes().to_vec()).unwrap()).collect()
        };
        match volume_options(&pod, mounts.iter(), &profile, &path(&self.kubelet_root)) {
            Ok(options) => Expectation::Options {
                read_write: texts(&options.read_write),
                read_only: texts(&options.read_only),
                except: texts(&options.except),
            },
            Err(refusal) => Expectation::Refused { refused: refusal.code.as_str().to_owned() },
        }
    }
}

fn check(json: &str, at_least: usize) {
    let vectors: Vec<Vector> = serde_json::from_str(json).unwrap();
    assert!(vectors.len() >= at_least);
    for vector in vectors {
        assert_eq!(vector.computed(), vector.expect, "{}", vector.name);
    }
}

#[test]
fn the_plugin_and_we_compute_the_same() {
    check(include_str!("../../vectors/container-options.json"), 50);
}

#[test]
fn the_plugin_and_we_compute_the_same_for_mounts_that_nobody_thought_of() {
    check(include_str!("../../vectors/generated/container-options.json"), 400);
}
