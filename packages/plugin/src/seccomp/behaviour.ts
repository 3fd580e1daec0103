import { isStricter, sameAction, stricter, type Action } from "./action.ts";
import { implies, meetConditions, type Condition } from "./condition.ts";

/** Conditions that must all hold, at most one an argument, by the argument's index (0 to 5). Empty: always. */
export type Conjunction = ReadonlyMap<number, Condition>;

/** What a filter does with one call: `inside` where one of the alternatives holds, `outside` elsewhere. */
export interface Behaviour {
  readonly alternatives: readonly Conjunction[];
  readonly inside: Action;
  readonly outside: Action;
}

/** More alternatives than this are not written down. Real filters have a handful. */
const MAXIMUM_ALTERNATIVES = 64;
/** And so many are not put up with on the way there. */
const MAXIMUM_INTERMEDIATE = 256;

const ALWAYS: readonly Conjunction[] = [new Map()];

/** One answer whatever the arguments. */
export function whole(action: Action): Behaviour {
  return { alternatives: ALWAYS, inside: action, outside: action };
}

/** Tidies alternatives up. Undefined if there are too many, or if the action inside is not the milder one. */
export function behaviour(
  alternatives: readonly Conjunction[],
  inside: Action,
  outside: Action,
): Behaviour | undefined {
  if (sameAction(inside, outside)) return whole(inside);
  const kept = withoutRedundant(alternatives);
  if (kept.some((conjunction) => conjunction.size === 0)) return whole(inside);
  if (kept.length === 0) return whole(outside);
  return kept.length > MAXIMUM_ALTERNATIVES || isStricter(inside, outside)
    ? undefined
    : { alternatives: kept, inside, outside };
}

/** What both filters together do with the call. Undefined if no rules with `otherwise` for the rest can say it. */
export function meet(ours: Behaviour, theirs: Behaviour, otherwise: Action): Behaviour | undefined {
  const inside = stricter(ours.inside, theirs.inside);
  let met: Behaviour | undefined;
  if (isWhole(theirs)) {
    met = behaviour(ours.alternatives, inside, stricter(ours.outside, theirs.inside));
  } else if (isWhole(ours)) {
    met = behaviour(theirs.alternatives, inside, stricter(ours.inside, theirs.outside));
  } else {
    const outside = stricter(ours.outside, theirs.outside);
    const mixed = [stricter(ours.inside, theirs.outside), stricter(ours.outside, theirs.inside)];
    const both = meetAll(ours.alternatives, theirs.alternatives);
    if (both === undefined || mixed.some((action) => !sameAction(action, outside))) return undefined;
    met = behaviour(both, inside, outside);
  }
  return met === undefined || isWhole(met) || sameAction(met.outside, otherwise) ? met : undefined;
}

/** True if the arguments do not matter. */
export function isWhole({ alternatives }: Behaviour): boolean {
  return alternatives.length === 1 && alternatives[0]?.size === 0;
}

function meetAll(left: readonly Conjunction[], right: readonly Conjunction[]): readonly Conjunction[] | undefined {
  const met: Conjunction[] = [];
  for (const a of left) {
    for (const b of right) {
      met.push(...meetConjunctions(a, b));
      if (met.length > MAXIMUM_INTERMEDIATE) return undefined;
    }
  }
  return withoutRedundant(met);
}

function meetConjunctions(left: Conjunction, right: Conjunction): Conjunction[] {
  let met: Conjunction[] = [left];
  for (const [index, condition] of right) {
    met = met.flatMap((conjunction) => {
      const present = conjunction.get(index);
      const choices = present === undefined ? [condition] : meetConditions(present, condition);
      return choices.map((choice) => new Map([...conjunction, [index, choice]]));
    });
  }
  return met;
}

/** Leaves out alternatives that another one covers. */
function withoutRedundant(alternatives: readonly Conjunction[]): readonly Conjunction[] {
  const kept: Conjunction[] = [];
  for (const candidate of alternatives) {
    if (kept.some((other) => covers(other, candidate))) continue;
    for (let index = kept.length - 1; index >= 0; index -= 1) {
      const other = kept[index];
      if (other !== undefined && covers(candidate, other)) kept.splice(index, 1);
    }
    kept.push(candidate);
  }
  return kept;
}

function covers(wider: Conjunction, narrower: Conjunction): boolean {
  for (const [index, condition] of wider) {
    const other = narrower.get(index);
    if (other === undefined || !implies(other, condition)) return false;
  }
  return true;
}
