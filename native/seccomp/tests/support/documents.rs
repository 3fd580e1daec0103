//! Random policies and calls that are likely to meet their conditions.

use kubefence_policy::filter::Capabilities;
use kubefence_seccomp::evaluate::Call;
use kubefence_seccomp::interface::{Interface, X32_BIT};
use kubefence_seccomp::policy::Policy;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const CALLS: [&str; 18] = [
    "read",
    "write",
    "execve",
    "clone",
    "clone3",
    "socket",
    "socketcall",
    "personality",
    "bpf",
    "prctl",
    "ptrace",
    "arch_prctl",
    "set_tls",
    "cacheflush",
    "futex_waitv",
    "mseal",
    "riscv_hwprobe",
    "clock_gettime64",
];
const CAPABILITIES: [&str; 4] = ["CAP_SYS_ADMIN", "CAP_BPF", "CAP_SYS_PTRACE", "CAP_CHECKPOINT_RESTORE"];
const OPERATORS: [&str; 6] = ["eq", "ne", "lt", "le", "gt", "ge"];

/// Numbers around which halves and signs go wrong.
pub fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        select(vec![0, 1, 2, 38, 0xffff_ffff, 1 << 32, (1 << 32) + 1, 0x7e02_0000, u64::MAX, 1 << 63]),
        any::<u64>(),
    ]
}

fn comparison() -> impl Strategy<Value = String> {
    let masks = select(vec![0, 1, 0xff, 0x7e02_0000, 0xffff_ffff, 0xffff_ffff_0000_0000, u64::MAX]);
    let plain = (0..6, select(&OPERATORS[..]), value())
        .prop_map(|(index, op, value)| format!(r#"{{"index":{index},"op":"{op}","value":"{value}"}}"#));
    let masked = (0..6, masks, value()).prop_map(|(index, mask, value)| {
        format!(r#"{{"index":{index},"op":"masked_eq","value":"{}","mask":"{mask}"}}"#, value & mask)
    });
    prop_oneof![plain, masked]
}

fn rule(actions: Vec<&'static str>, with_capabilities: bool) -> impl Strategy<Value = String> {
    let some = |of: &[&'static str], most: usize| subsequence(of.to_vec(), 0..=most);
    let capabilities = if with_capabilities { 2 } else { 0 };
    let names = subsequence(CALLS.to_vec(), 1..4);
    let arches: Vec<&str> = Interface::ALL.iter().map(|interface| interface.name()).collect();
    (
        names,
        select(actions),
        prop::collection::vec(comparison(), 0..4),
        (some(&CAPABILITIES, capabilities), some(&CAPABILITIES, capabilities)),
        prop_oneof![3 => Just(Vec::new()), 1 => subsequence(arches, 1..5)],
    )
        .prop_map(|(names, action, args, (any, none), arches)| {
            format!(
                r#"{{"names":{names:?},"action":{action},"args":[{}],"caps_any":{any:?},"caps_none":{none:?},"arches":{arches:?}}}"#,
                args.join(",")
            )
        })
}

fn document(rules: &[String], x86_64: &[&str], aarch64: &[&str]) -> String {
    format!(
        r#"{{"policy":"random","default":{{"action":"errno","errno":1}},"unknown_calls":{{"action":"errno","errno":38}},
            "architectures":{{"x86_64":{x86_64:?},"aarch64":{aarch64:?}}},
            "other_architectures":{{"action":"kill_process"}},"rules":[{}]}}"#,
        rules.join(",")
    )
}

/// A policy of any kind.
pub fn policy() -> impl Strategy<Value = String> {
    let actions = vec!["\"allow\"", "\"allow\"", r#"{"errno":38}"#, r#"{"errno":93}"#];
    let rules = prop::collection::vec(rule(actions, true), 0..12);
    (rules, subsequence(vec!["x86", "x32"], 0..=2), any::<bool>()).prop_map(|(rules, more, arm)| {
        let x86_64 = [vec!["x86_64"], more].concat();
        document(&rules, &x86_64, if arm { &["aarch64", "arm"] } else { &["aarch64"] })
    })
}

/// A policy that asks for no capability, refuses nothing by name and knows the native interface only.
pub fn plain_policy() -> impl Strategy<Value = String> {
    let rules = prop::collection::vec(rule(vec!["\"allow\""], false), 0..12);
    rules.prop_map(|rules| document(&rules, &["x86_64"], &["aarch64"]))
}

/// Any set of the capabilities that policies here ask for.
pub fn held() -> impl Strategy<Value = Capabilities> {
    subsequence(vec![21_u32, 39, 19, 40], 0..=4)
        .prop_map(|numbers| Capabilities(numbers.iter().fold(0, |set, number| set | 1 << number)))
}

/// What a random call is made of.
pub type Seed = (prop::sample::Index, prop::sample::Index, u32, [u64; 6], [prop::sample::Index; 6]);

/// The parts of a random call.
pub fn seed() -> impl Strategy<Value = Seed> {
    let arguments = prop::array::uniform6(value());
    (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<u32>(),
        arguments,
        any::<[prop::sample::Index; 6]>(),
    )
}

/// A call of an interface of `policy`'s machine, mostly one that the policy names, its arguments near what is compared.
pub fn call(policy: &Policy, (interface, name, number, mut arguments, near): Seed) -> Call {
    let interface = interface.get(policy.machine.interfaces());
    let names: Vec<&String> = policy.rules.iter().flat_map(|rule| &rule.names).collect();
    let known = interface.numbers().get(name.get(&names).as_str()).copied();
    let number = match number % 8 {
        0 => number,
        1 => u32::MAX,
        2 => (number % 600) | if *interface == Interface::X32 { X32_BIT } else { 0 },
        3 => known.unwrap_or(number).wrapping_add(1),
        _ => known.unwrap_or(number % 500),
    };
    let values: Vec<u64> = policy
        .rules
        .iter()
        .flat_map(|rule| &rule.arguments)
        .flat_map(|one| [one.value, one.value, one.mask])
        .collect();
    for (argument, near) in arguments.iter_mut().zip(near) {
        *argument = match *argument % 4 {
            0 => *argument,
            1 => near.get(&values).wrapping_add(1),
            2 => near.get(&values).wrapping_sub(1),
            _ => *near.get(&values),
        };
    }
    Call { architecture: interface.audit_value(), number, arguments }
}
