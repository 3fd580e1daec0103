//! A policy whose names are resolved: capabilities are bits, interfaces and kernels are known.

use kubefence_policy::arguments::ProfileName;
use kubefence_policy::filter::{CapabilityCondition, PROOF_ERRNO};

pub use crate::document::Operator;
use crate::document::{Action, Comparison, Document, KillProcess, Refusal, Rule as RuleDocument};
use crate::interface::{Interface, Machine};
use crate::{capability, document};

/// Without Landlock, which came with this kernel, the launcher starts nothing: what holds from an older one on, holds.
const OLDEST_KERNEL: (u32, u32) = (5, 13);
/// The largest error that a filter can answer.
const MAX_ERRNO: u16 = 4095;

/// The rules for one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The machine.
    pub machine: Machine,
    /// Interfaces that the rules speak of; in others the process is killed.
    pub interfaces: Vec<Interface>,
    /// The error of a call that no rule matches.
    pub default_errno: u16,
    /// The error of a call that is newer than the policy.
    pub unknown_errno: u16,
    /// Of the rules that match a call, the first that refuses counts, else one that allows.
    pub rules: Vec<Rule>,
}

/// What becomes of some calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The calls.
    pub names: Vec<String>,
    /// Where it holds.
    pub interfaces: Vec<Interface>,
    /// For whom it holds.
    pub capabilities: CapabilityCondition,
    /// All of these must be true.
    pub arguments: Vec<Condition>,
    /// The error; `None` allows the call.
    pub errno: Option<u16>,
}

/// A condition on one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// Which argument, 0 to 5.
    pub index: u32,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub value: u64,
    /// Under which bits, for [`Operator::MaskedEq`]; all of them otherwise.
    pub mask: u64,
}

impl Policy {
    /// Reads a policy for `machine`, and adds the rule by which the launcher sees that its filter is in force.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(json: &[u8], machine: Machine) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        ProfileName::parse(document.policy.as_bytes()).ok_or("policy: no name that a file could have")?;
        let KillProcess::KillProcess = document.other_architectures;
        let interfaces =
            document.architectures.get(machine.name()).ok_or("architectures: no entry for the machine")?;
        let interfaces = interfaces_of(interfaces)?;
        let native = machine.interfaces()[0];
        if !interfaces.contains(&native) || interfaces.iter().any(|one| !machine.interfaces().contains(one)) {
            return Err(format!("architectures: not those of {}", machine.name()));
        }
        let Refusal::Errno { errno: default_errno } = document.default;
        let Refusal::Errno { errno: unknown_errno } = document.unknown_calls;
        for errno in [default_errno, unknown_errno] {
            check_errno(errno)?;
        }
        let rules: Result<Vec<_>, String> = document.rules.iter().map(Rule::resolve).collect();
        let rules = std::iter::once(proof(native)).chain(rules?).collect();
        Ok(Self { name: document.policy, machine, interfaces, default_errno, unknown_errno, rules })
    }
}

/// `execve` without a path, arguments and environment.
fn proof(native: Interface) -> Rule {
    let absent = |index| Condition { index, operator: Operator::Eq, value: 0, mask: u64::MAX };
    Rule {
        names: vec!["execve".to_owned()],
        interfaces: vec![native],
        capabilities: CapabilityCondition::default(),
        arguments: (0..3).map(absent).collect(),
        errno: Some(PROOF_ERRNO),
    }
}

impl Rule {
    fn resolve(rule: &RuleDocument) -> Result<Self, String> {
        let named = |why: String| format!("the rule of {:?}: {why}", rule.names);
        let set = |names: &[String]| {
            capability::set_of(names.iter().map(String::as_str))
                .map_err(|name| named(format!("no capability {name}")))
        };
        if let Some(kernel) = &rule.min_kernel
            && parse_kernel(kernel).is_none_or(|kernel| kernel > OLDEST_KERNEL)
        {
            return Err(named(format!(
                "min_kernel {kernel} may be no older than 5.13 on no machine that we support"
            )));
        }
        let errno = match rule.action {
            Action::Allow => None,
            Action::Errno(errno) => Some(check_errno(errno).map_err(named)?),
        };
        let interfaces = if rule.arches.is_empty() {
            Interface::ALL.to_vec()
        } else {
            interfaces_of(&rule.arches).map_err(named)?
        };
        let arguments: Result<_, String> = rule.args.iter().map(Condition::check).collect();
        Ok(Self {
            names: rule.names.clone(),
            interfaces,
            capabilities: CapabilityCondition { any: set(&rule.caps_any)?, none: set(&rule.caps_none)? },
            arguments: arguments.map_err(named)?,
            errno,
        })
    }
}

impl Condition {
    fn check(comparison: &Comparison) -> Result<Self, String> {
        let document::Comparison { index, op, value, mask } = *comparison;
        let mask = match (op, mask) {
            (Operator::MaskedEq, Some(mask)) if value & !mask == 0 => mask,
            (Operator::MaskedEq, _) => return Err("masked_eq needs a mask that covers the value".to_owned()),
            (_, None) => u64::MAX,
            (_, Some(_)) => return Err("only masked_eq has a mask".to_owned()),
        };
        if index > 5 {
            Err(format!("no argument {index}"))
        } else {
            Ok(Self { index, operator: op, value, mask })
        }
    }
}

fn check_errno(errno: u16) -> Result<u16, String> {
    // 0 would tell the caller that its call was done.
    if (1..=MAX_ERRNO).contains(&errno) {
        Ok(errno)
    } else {
        Err(format!("errno {errno} is not within 1 and {MAX_ERRNO}"))
    }
}

fn interfaces_of(names: &[String]) -> Result<Vec<Interface>, String> {
    let find = |name: &String| {
        Interface::ALL.into_iter().find(|one| one.name() == name).ok_or(format!("no architecture {name}"))
    };
    names.iter().map(find).collect()
}

fn parse_kernel(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
