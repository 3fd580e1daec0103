//! What a policy says about a call, read off its rules.

use kubefence_policy::filter::Capabilities;

use crate::interface::{Interface, X32_BIT};
use crate::policy::{Condition, Operator, Policy};

/// A system call as a filter sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// `AUDIT_ARCH_*`.
    pub architecture: u32,
    /// Its number.
    pub number: u32,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is done.
    Allow,
    /// It fails.
    Errno(u16),
    /// It ends the process.
    KillProcess,
}

/// What the policy says about `call` of a process whose capabilities are limited to `held`.
#[must_use]
pub fn evaluate(policy: &Policy, call: &Call, held: Capabilities) -> Verdict {
    let Some(interface) = interface_of(policy, call) else { return Verdict::KillProcess };
    let names: Vec<&str> = interface
        .numbers()
        .iter()
        .filter(|(_, number)| **number == call.number)
        .map(|(name, _)| *name)
        .collect();
    let mut allowed = false;
    for rule in &policy.rules {
        let matches = rule.interfaces.contains(&interface)
            && rule.names.iter().any(|name| names.contains(&name.as_str()))
            && rule.capabilities.holds(held)
            && rule.arguments.iter().all(|condition| condition.holds(&call.arguments));
        match rule.errno {
            Some(errno) if matches => return Verdict::Errno(errno),
            _ => allowed |= matches,
        }
    }
    if allowed {
        Verdict::Allow
    } else if newest(policy, interface).is_none_or(|newest| call.number > newest) {
        Verdict::Errno(policy.unknown_errno)
    } else {
        Verdict::Errno(policy.default_errno)
    }
}

/// The highest number that any rule names, whatever its conditions: runc's measure of how new a policy is.
fn newest(policy: &Policy, interface: Interface) -> Option<u32> {
    let names = policy.rules.iter().flat_map(|rule| &rule.names);
    let numbers = names.filter_map(|name| interface.numbers().get(name.as_str()).copied());
    numbers.filter(|number| interface.is_in_common_table(*number)).max()
}

fn interface_of(policy: &Policy, call: &Call) -> Option<Interface> {
    // A tracer skips a call by making its number -1; that is no call of x32.
    let is_x32 = call.number >= X32_BIT && call.number != u32::MAX;
    policy.interfaces.iter().copied().find(|interface| {
        interface.audit_value() == call.architecture
            && match interface {
                Interface::X86_64 => !is_x32,
                Interface::X32 => is_x32,
                Interface::X86 | Interface::Aarch64 | Interface::Arm => true,
            }
    })
}

impl Condition {
    /// True for these arguments, all of their 64 bits.
    #[must_use]
    pub fn holds(&self, arguments: &[u64; 6]) -> bool {
        let argument = arguments[self.index as usize];
        match self.operator {
            Operator::Eq => argument == self.value,
            Operator::Ne => argument != self.value,
            Operator::Lt => argument < self.value,
            Operator::Le => argument <= self.value,
            Operator::Gt => argument > self.value,
            Operator::Ge => argument >= self.value,
            Operator::MaskedEq => argument & self.mask == self.value,
        }
    }
}
