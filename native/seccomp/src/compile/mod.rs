//! From a policy to classic BPF: the architecture, a search tree over the call numbers, and a block for each set of
//! rules that has conditions.
//!
//! A tree instead of a list, because the kernel runs the program once for every call number when a filter is installed
//! (to find the calls that need no filter), and because a call that does need it pays for each comparison.

mod block;
mod code;
mod ranges;
mod tree;

use std::collections::BTreeMap;

use kubefence_policy::filter::{Filter, MAX_INSTRUCTIONS, Switch};

use crate::compile::code::{Code, Compare, Item, LOAD_ARCHITECTURE, LOAD_NUMBER, compare, jump, returns};
use crate::compile::ranges::{Answer, ranges};
use crate::evaluate::Verdict;
use crate::policy::Policy;

/// Compiles a policy for its machine.
///
/// # Errors
/// When the kernel would not take so long a program.
pub fn compile(policy: &Policy) -> Result<Filter, String> {
    let mut architectures: Vec<u32> = policy.interfaces.iter().map(|one| one.audit_value()).collect();
    architectures
        .sort_unstable_by_key(|architecture| *architecture != policy.machine.interfaces()[0].audit_value());
    architectures.dedup();

    let mut code: Code = vec![LOAD_ARCHITECTURE];
    let mut blocks = Blocks::default();
    for architecture in architectures {
        let section = section(policy, architecture, &mut blocks);
        code.extend([compare(Compare::Equal, architecture, 1, 0), jump(section.len())]);
        code.extend(section);
    }
    code.push(returns(Verdict::KillProcess));
    link(policy, code, &blocks.0)
}

/// Rules with conditions, each set once, by number.
#[derive(Default)]
struct Blocks(Vec<Answer>);

impl Blocks {
    fn number_of(&mut self, answer: &Answer) -> usize {
        self.0.iter().position(|known| known == answer).unwrap_or_else(|| {
            self.0.push(answer.clone());
            self.0.len() - 1
        })
    }
}

fn section(policy: &Policy, architecture: u32, blocks: &mut Blocks) -> Code {
    let leaves: Vec<(u32, Item)> = ranges(policy, architecture)
        .into_iter()
        .map(|(first, answer)| {
            let leaf = match answer.unconditional() {
                Some(verdict) => returns(verdict),
                None => Item::ToBlock(blocks.number_of(&answer)),
            };
            (first, leaf)
        })
        .collect();
    let mut code = vec![LOAD_NUMBER];
    code.extend(tree::search(&leaves));
    code
}

/// Puts the blocks behind everything else and fills in where they are.
fn link(policy: &Policy, mut code: Code, blocks: &[Answer]) -> Result<Filter, String> {
    let mut starts = BTreeMap::new();
    for (number, answer) in blocks.iter().enumerate() {
        starts.insert(number, code.len());
        code.extend(block::block(answer));
    }
    let too_long = || {
        format!("{} has {} instructions, and the kernel takes {MAX_INSTRUCTIONS}", policy.name, code.len())
    };
    if code.len() > MAX_INSTRUCTIONS {
        return Err(too_long());
    }
    let word = |number: usize| u32::try_from(number).map_err(|_| too_long());
    let mut filter = Filter {
        machine: policy.machine.interfaces()[0].audit_value(),
        switches: Vec::new(),
        instructions: Vec::with_capacity(code.len()),
    };
    for (index, item) in code.iter().enumerate() {
        filter.instructions.push(match *item {
            Item::Plain(instruction) => instruction,
            Item::ToBlock(number) => code::jump_by(word(starts[&number] - index - 1)?),
            Item::Switch(condition, otherwise) => {
                let switch =
                    Switch { condition, instruction: word(index)?, if_held: 0, otherwise: word(otherwise)? };
                filter.switches.push(switch);
                // A launcher that knew no switches would take the way of the process that holds nothing.
                code::jump_by(if condition.holds(kubefence_policy::filter::Capabilities::default()) {
                    switch.if_held
                } else {
                    switch.otherwise
                })
            }
        });
    }
    Ok(filter)
}
