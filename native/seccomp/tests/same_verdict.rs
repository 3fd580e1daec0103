//! A compiled filter and the policy's rules say the same about every call.

mod support;

use kubefence_policy::filter::{Capabilities, Filter, PROOF_ERRNO};
use kubefence_seccomp::compile::compile;
use kubefence_seccomp::evaluate::{Call, Verdict, evaluate};
use kubefence_seccomp::interface::{Interface, Machine};
use kubefence_seccomp::policy::Policy;
use proptest::prelude::*;
use support::{documents, interpreter, policies};

fn parse(json: &str, machine: Machine) -> Policy {
    Policy::parse(json.as_bytes(), machine).unwrap()
}

/// Through the file's bytes, as the launcher takes it.
fn program(policy: &Policy, held: Capabilities) -> Vec<kubefence_policy::filter::Instruction> {
    let program = Filter::parse(&compile(policy).unwrap().to_bytes()).unwrap().program(held);
    interpreter::check(&program);
    program
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn of_random_policies(
        json in documents::policy(),
        held in documents::held(),
        seeds in prop::collection::vec(documents::seed(), 100),
    ) {
        for machine in Machine::ALL {
            let policy = parse(&json, machine);
            let program = program(&policy, held);
            for seed in &seeds {
                let call = documents::call(&policy, *seed);
                prop_assert_eq!(interpreter::run(&program, &call), evaluate(&policy, &call, held), "{:?}", call);
            }
        }
    }

    /// Another compiler, which knows the native interface and one answer: what it allows, ours allows.
    #[test]
    fn as_of_another_compiler(
        json in documents::plain_policy(),
        seeds in prop::collection::vec(documents::seed(), 100),
    ) {
        for machine in Machine::ALL {
            let policy = parse(&json, machine);
            let (ours, theirs) = (program(&policy, Capabilities::default()), support::other_compiler(&policy));
            let native = machine.interfaces()[0];
            for seed in &seeds {
                let call = Call { architecture: native.audit_value(), ..documents::call(&policy, *seed) };
                if native.numbers().values().any(|number| *number == call.number) {
                    let verdict = interpreter::run(&ours, &call);
                    // The launcher's own question is in no policy.
                    if verdict != Verdict::Errno(PROOF_ERRNO) {
                        let expected = interpreter::run(&theirs, &call) == Verdict::Allow;
                        prop_assert_eq!(verdict == Verdict::Allow, expected, "{:?}", call);
                    }
                }
            }
        }
    }

    #[test]
    fn of_our_policies(held in any::<u64>(), seeds in prop::collection::vec(documents::seed(), 50)) {
        let held = Capabilities(held);
        for (_, json) in policies() {
            for machine in Machine::ALL {
                let policy = Policy::parse(&json, machine).unwrap();
                let program = program(&policy, held);
                for seed in &seeds {
                    let call = documents::call(&policy, *seed);
                    prop_assert_eq!(interpreter::run(&program, &call), evaluate(&policy, &call, held), "{:?}", call);
                }
            }
        }
    }
}

/// Without arguments there are few enough to look at all.
#[test]
fn every_number_of_our_policies() {
    for (name, json) in policies() {
        for machine in Machine::ALL {
            let policy = Policy::parse(&json, machine).unwrap();
            for held in [0, u64::MAX] {
                let program = program(&policy, Capabilities(held));
                let architectures =
                    [0, 1, 0xc000_0015].into_iter().chain(Interface::ALL.map(Interface::audit_value));
                for architecture in architectures {
                    let near = (0..480).chain(0x4000_0000..0x4000_0230).chain(0xf_0000..0xf_0010);
                    for number in near.chain([0x3fff_ffff, u32::MAX - 1, u32::MAX]) {
                        let call = Call { architecture, number, arguments: [0; 6] };
                        let (got, expected) =
                            (interpreter::run(&program, &call), evaluate(&policy, &call, Capabilities(held)));
                        assert_eq!(got, expected, "{name} {call:?}");
                    }
                }
            }
        }
    }
}
