//! The search for the range that a loaded number lies in.

use crate::compile::code::{Code, Compare, Item, compare, jump};

/// `leaves` are ranges by their first number, in order, each up to the next; the first one's number is not looked at.
/// Each ends the program or leaves this piece.
pub(crate) fn search(leaves: &[(u32, Item)]) -> Code {
    if let [(_, leaf)] = leaves {
        return vec![*leaf];
    }
    let (lower, upper) = leaves.split_at(leaves.len() / 2);
    let first_of_upper = upper[0].0;
    let (lower, upper) = (search(lower), search(upper));
    let mut code = match u8::try_from(lower.len()) {
        Ok(distance) => vec![compare(Compare::GreaterOrEqual, first_of_upper, distance, 0)],
        // Further than a comparison reaches.
        Err(_) => vec![compare(Compare::GreaterOrEqual, first_of_upper, 0, 1), jump(lower.len())],
    };
    code.extend(lower);
    code.extend(upper);
    code
}
