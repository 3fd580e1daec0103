//! The rules of one answer, one after the other.

use crate::compile::code::{
    Code, Compare, Item, and, compare, jump_unless_equal, load_high_half, load_low_half, returns,
};
use crate::compile::ranges::{Answer, Clause};
use crate::policy::{Condition, Operator};

pub(crate) fn block(answer: &Answer) -> Code {
    let mut code: Code = answer.clauses.iter().flat_map(clause).collect();
    code.push(returns(answer.otherwise));
    code
}

/// Falls through to what follows where a condition does not hold.
fn clause(clause: &Clause) -> Code {
    // From the last condition to the first: each must know how much it skips.
    let mut code = vec![returns(clause.verdict)];
    for condition in clause.arguments.iter().rev() {
        // Six instructions a condition, so six conditions stay within a jump's reach.
        let to_end = u8::try_from(code.len()).unwrap_or(u8::MAX);
        code = [test(condition, to_end), code].concat();
    }
    if clause.capabilities != kubefence_policy::filter::CapabilityCondition::default() {
        code.insert(0, Item::Switch(clause.capabilities, code.len()));
    }
    code
}

/// Goes on where the condition holds, else skips `to_end` instructions behind itself. A filter sees half an argument at a
/// time; the high half is 0 for 32-bit callers.
fn test(condition: &Condition, to_end: u8) -> Code {
    let Condition { index, operator, value, mask } = *condition;
    let (high, low) = halves(value);
    let (load_high, load_low) = (load_high_half(index), load_low_half(index));
    match operator {
        Operator::Eq => {
            vec![load_high, jump_unless_equal(high, to_end + 2), load_low, jump_unless_equal(low, to_end)]
        }
        Operator::Ne => {
            vec![load_high, jump_unless_equal(high, 2), load_low, compare(Compare::Equal, low, to_end, 0)]
        }
        Operator::Gt => {
            more(load_high, load_low, condition, compare(Compare::Greater, low, 0, to_end), to_end)
        }
        Operator::Ge => {
            more(load_high, load_low, condition, compare(Compare::GreaterOrEqual, low, 0, to_end), to_end)
        }
        Operator::Lt => {
            less(load_high, load_low, condition, compare(Compare::GreaterOrEqual, low, to_end, 0), to_end)
        }
        Operator::Le => {
            less(load_high, load_low, condition, compare(Compare::Greater, low, to_end, 0), to_end)
        }
        Operator::MaskedEq => {
            let (mask_high, mask_low) = halves(mask);
            let mut code = Vec::new();
            // A mask of 0 asks nothing.
            if mask_low != 0 {
                code.extend([load_low, and(mask_low), jump_unless_equal(low, to_end)]);
            }
            if mask_high != 0 {
                let to_end = to_end + u8::try_from(code.len()).unwrap_or(u8::MAX);
                code.splice(0..0, [load_high, and(mask_high), jump_unless_equal(high, to_end)]);
            }
            code
        }
    }
}

/// The high half decides unless it is equal; more is true, less is false.
fn more(load_high: Item, load_low: Item, condition: &Condition, low: Item, to_end: u8) -> Code {
    let (high, _) = halves(condition.value);
    vec![load_high, compare(Compare::Greater, high, 3, 0), jump_unless_equal(high, to_end + 2), load_low, low]
}

/// The other way round.
fn less(load_high: Item, load_low: Item, condition: &Condition, low: Item, to_end: u8) -> Code {
    let (high, _) = halves(condition.value);
    vec![load_high, compare(Compare::Greater, high, to_end + 3, 0), jump_unless_equal(high, 2), load_low, low]
}

fn halves(value: u64) -> (u32, u32) {
    (
        u32::try_from(value >> 32).unwrap_or_default(),
        u32::try_from(value & u64::from(u32::MAX)).unwrap_or_default(),
    )
}
