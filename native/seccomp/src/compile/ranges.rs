//! Which rules each call number of an architecture has.

use std::collections::BTreeMap;

use kubefence_policy::filter::CapabilityCondition;

use crate::evaluate::Verdict;
use crate::interface::{Interface, X32_BIT};
use crate::policy::{Condition, Policy, Rule};

/// What is answered to a call: the first clause whose conditions hold, else `otherwise`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub clauses: Vec<Clause>,
    pub otherwise: Verdict,
}

/// Conditions, all of which must hold, and what is answered then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clause {
    pub capabilities: CapabilityCondition,
    pub arguments: Vec<Condition>,
    pub verdict: Verdict,
}

impl Answer {
    fn always(verdict: Verdict) -> Self {
        Self { clauses: Vec::new(), otherwise: verdict }
    }

    /// Refusals come before what is allowed. Clauses behind one without conditions are never reached.
    fn of(rules: &[&Rule], otherwise: Verdict) -> Self {
        let (refusing, allowing): (Vec<&Rule>, Vec<&Rule>) =
            rules.iter().partition(|rule| rule.errno.is_some());
        let mut clauses: Vec<Clause> = Vec::new();
        for rule in refusing.into_iter().chain(allowing) {
            let verdict = rule.errno.map_or(Verdict::Allow, Verdict::Errno);
            if rule.arguments.is_empty() && rule.capabilities == CapabilityCondition::default() {
                return Self { clauses, otherwise: verdict }.shortened();
            }
            let clause =
                Clause { capabilities: rule.capabilities, arguments: rule.arguments.clone(), verdict };
            clauses.push(clause);
        }
        Self { clauses, otherwise }.shortened()
    }

    /// Without clauses at the end that say what holds anyway.
    fn shortened(mut self) -> Self {
        while self.clauses.last().is_some_and(|clause| clause.verdict == self.otherwise) {
            self.clauses.pop();
        }
        self
    }

    /// The answer that depends on nothing.
    pub fn unconditional(&self) -> Option<Verdict> {
        self.clauses.is_empty().then_some(self.otherwise)
    }
}

/// Ranges of call numbers by their first one, from 0 to the largest number, each with another answer than the one
/// before.
pub(crate) fn ranges(policy: &Policy, architecture: u32) -> Vec<(u32, Answer)> {
    let mut starts = BTreeMap::new();
    starts.insert(0, Answer::always(Verdict::KillProcess));
    if architecture == Interface::X32.audit_value() {
        starts.insert(X32_BIT, Answer::always(Verdict::KillProcess));
    }
    for interface in policy.interfaces.iter().filter(|one| one.audit_value() == architecture) {
        add_interface(policy, *interface, &mut starts);
    }
    // A tracer skips a call by making its number -1.
    starts.insert(u32::MAX, Answer::always(Verdict::Errno(policy.unknown_errno)));

    let mut ranges: Vec<(u32, Answer)> = Vec::new();
    for (first, answer) in starts {
        if ranges.last().is_none_or(|(_, before)| *before != answer) {
            ranges.push((first, answer));
        }
    }
    ranges
}

fn add_interface(policy: &Policy, interface: Interface, starts: &mut BTreeMap<u32, Answer>) {
    let by_number = rules_by_number(policy, interface);
    let newest = by_number.keys().copied().filter(|number| interface.is_in_common_table(*number)).max();
    let unmatched =
        |is_known: bool| Verdict::Errno(if is_known { policy.default_errno } else { policy.unknown_errno });
    let first = if interface == Interface::X32 { X32_BIT } else { 0 };
    starts.insert(first, Answer::always(unmatched(newest.is_some())));
    for (number, rules) in by_number {
        starts.insert(number, Answer::of(&rules, unmatched(newest >= Some(number))));
        starts.insert(number + 1, Answer::always(unmatched(newest > Some(number))));
    }
}

fn rules_by_number(policy: &Policy, interface: Interface) -> BTreeMap<u32, Vec<&Rule>> {
    let mut by_number: BTreeMap<u32, Vec<&Rule>> = BTreeMap::new();
    let numbers = interface.numbers();
    for rule in &policy.rules {
        for number in rule.names.iter().filter_map(|name| numbers.get(name.as_str())) {
            let rules = by_number.entry(*number).or_default();
            if rule.interfaces.contains(&interface) && !rules.iter().any(|known| std::ptr::eq(*known, rule)) {
                rules.push(rule);
            }
        }
    }
    by_number
}
