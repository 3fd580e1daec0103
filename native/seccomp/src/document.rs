//! A policy exactly as its JSON spells it (see seccomp/README.md). What is not here is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub policy: String,
    pub default: Refusal,
    pub unknown_calls: Refusal,
    /// By machine.
    pub architectures: BTreeMap<String, Vec<String>>,
    pub other_architectures: KillProcess,
    pub rules: Vec<Rule>,
}

/// `{"action":"errno","errno":N}`
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Refusal {
    Errno { errno: u16 },
}

/// `{"action":"kill_process"}`
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KillProcess {
    KillProcess,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub names: Vec<String>,
    pub action: Action,
    #[serde(default)]
    pub args: Vec<Comparison>,
    #[serde(default)]
    pub caps_any: Vec<String>,
    #[serde(default)]
    pub caps_none: Vec<String>,
    #[serde(default)]
    pub arches: Vec<String>,
    #[serde(default)]
    pub min_kernel: Option<String>,
}

/// `"allow"` or `{"errno":N}`
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    Allow,
    Errno(u16),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Comparison {
    pub index: u32,
    pub op: Operator,
    #[serde(deserialize_with = "decimal")]
    pub value: u64,
    #[serde(default, deserialize_with = "optional_decimal")]
    pub mask: Option<u64>,
}

/// How an argument is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// It is the value.
    Eq,
    /// It is not.
    Ne,
    /// It is less.
    Lt,
    /// It is not more.
    Le,
    /// It is more.
    Gt,
    /// It is not less.
    Ge,
    /// Its bits under a mask are the value.
    MaskedEq,
}

fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| serde::de::Error::custom(format!("{text:?} is no unsigned 64-bit decimal")))
}

fn optional_decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    decimal(deserializer).map(Some)
}
