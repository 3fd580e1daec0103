//! What the tests of the compiler share.
#![allow(dead_code, reason = "each test uses a part")]

pub mod documents;
pub mod interpreter;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kubefence_policy::filter::Instruction;
use kubefence_seccomp::interface::Machine;
use kubefence_seccomp::policy::{Condition, Operator, Policy};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// Every policy of `seccomp/generated`, by file name.
pub fn policies() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new("../../seccomp/generated");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

/// The program that seccompiler makes of a policy without capabilities and refusals.
pub fn other_compiler(policy: &Policy) -> Vec<Instruction> {
    let native = policy.machine.interfaces()[0];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    let mut unconditional = Vec::new();
    for rule in policy.rules.iter().filter(|rule| rule.errno.is_none() && rule.interfaces.contains(&native)) {
        for number in rule.names.iter().filter_map(|name| native.numbers().get(name.as_str())) {
            let alternatives = rules.entry((*number).into()).or_default();
            if rule.arguments.is_empty() {
                unconditional.push(i64::from(*number));
            } else {
                alternatives.push(SeccompRule::new(rule.arguments.iter().map(condition).collect()).unwrap());
            }
        }
    }
    for number in unconditional {
        rules.insert(number, Vec::new());
    }
    let target = match policy.machine {
        Machine::X86_64 => TargetArch::x86_64,
        Machine::Aarch64 => TargetArch::aarch64,
    };
    let filter = SeccompFilter::new(rules, SeccompAction::Errno(1), SeccompAction::Allow, target).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    program.iter().map(|one| Instruction { code: one.code, jt: one.jt, jf: one.jf, k: one.k }).collect()
}

fn condition(condition: &Condition) -> SeccompCondition {
    let operator = match condition.operator {
        Operator::Eq => SeccompCmpOp::Eq,
        Operator::Ne => SeccompCmpOp::Ne,
        Operator::Lt => SeccompCmpOp::Lt,
        Operator::Le => SeccompCmpOp::Le,
        Operator::Gt => SeccompCmpOp::Gt,
        Operator::Ge => SeccompCmpOp::Ge,
        Operator::MaskedEq => SeccompCmpOp::MaskedEq(condition.mask),
    };
    let index = condition.index.try_into().unwrap();
    SeccompCondition::new(index, SeccompCmpArgLen::Qword, operator, condition.value).unwrap()
}
