use super::*;

const ALLOW: Instruction = Instruction { code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 };
const JUMP_AHEAD: Instruction = Instruction { code: JUMP, jt: 0, jf: 0, k: 0 };
const SYS_ADMIN: Capabilities = Capabilities(1 << 21);
const BPF: Capabilities = Capabilities(1 << 39);

fn filter() -> Filter {
    let either =
        CapabilityCondition { any: Capabilities(SYS_ADMIN.0 | BPF.0), none: Capabilities::default() };
    let neither = CapabilityCondition { any: Capabilities::default(), none: SYS_ADMIN };
    Filter {
        machine: 0xc000_003e,
        switches: vec![
            Switch { condition: either, instruction: 0, if_held: 1, otherwise: 2 },
            Switch { condition: neither, instruction: 1, if_held: 3, otherwise: 4 },
        ],
        instructions: vec![JUMP_AHEAD, JUMP_AHEAD, ALLOW],
    }
}

#[test]
fn what_is_written_is_read() {
    let bytes = filter().to_bytes();
    assert_eq!(bytes.len(), HEADER_BYTES + 2 * SWITCH_BYTES + 3 * INSTRUCTION_BYTES);
    assert_eq!(Filter::parse(&bytes), Ok(filter()));
    assert_eq!(filter().capabilities(), Capabilities(SYS_ADMIN.0 | BPF.0));
}

#[test]
fn switches_follow_the_capabilities() {
    let distances = |held| filter().program(held)[..2].iter().map(|jump| jump.k).collect::<Vec<_>>();
    assert_eq!(distances(Capabilities::default()), [2, 3]);
    assert_eq!(distances(SYS_ADMIN), [1, 4]);
    assert_eq!(distances(BPF), [1, 3]);
}

#[test]
fn anything_else_is_refused() {
    let good = filter().to_bytes();
    for length in 0..good.len() {
        assert!(Filter::parse(&good[..length]).is_err(), "{length}");
    }
    let longer: Vec<u8> = good.iter().copied().chain([0]).collect();
    assert_eq!(Filter::parse(&longer), Err("its size is not what its header says"));
    let changed = |at: usize, value: u8| {
        let mut bytes = good.clone();
        bytes[at] = value;
        Filter::parse(&bytes)
    };
    assert_eq!(changed(0, b'K'), Err("it does not begin as a filter file"));
    assert_eq!(changed(8, 2), Err("its version is not 1"));
    assert_eq!(changed(19, 1), Err("it has more than 4096 instructions"));
    assert_eq!(changed(HEADER_BYTES + 16, 2), Err("a switch is no jump"));
    assert_eq!(changed(HEADER_BYTES + 16, 3), Err("a switch is no jump"));
}

#[test]
fn capabilities_are_bits() {
    let some = Capabilities(1 << 63 | 1 << 21 | 1);
    let contained: Vec<u32> = (0..70).filter(|number| some.contains(*number)).collect();
    assert_eq!(contained, [0, 21, 63]);
}

#[test]
fn a_filter_of_the_largest_size_is_read() {
    let switch = Switch { instruction: 0, ..filter().switches[0] };
    let largest = Filter {
        switches: vec![switch; MAX_INSTRUCTIONS],
        instructions: vec![JUMP_AHEAD; MAX_INSTRUCTIONS],
        ..filter()
    };
    let bytes = largest.to_bytes();
    assert_eq!(bytes.len(), MAX_FILTER_BYTES);
    assert_eq!(Filter::parse(&bytes), Ok(largest));
}

#[test]
fn a_capability_that_is_asked_for_twice_is_asked_for() {
    let one = filter().switches[0];
    let both = CapabilityCondition { any: SYS_ADMIN, none: SYS_ADMIN };
    let twice = Filter { switches: vec![one, one, Switch { condition: both, ..one }], ..filter() };
    assert_eq!(twice.capabilities(), Capabilities(SYS_ADMIN.0 | BPF.0));
}
