import type { Conjunction } from "./behaviour.ts";
import { areDisjoint, type Condition } from "./condition.ts";

/**
 * True if libseccomp's decision tree says the same as the alternatives: it asks arguments in the order of their index,
 * and may not come back to another branch once a condition held.
 */
export function isTree(alternatives: readonly Conjunction[]): boolean {
  if (alternatives.length <= 1) return true;
  const indexes = new Set(alternatives.flatMap((conjunction) => [...conjunction.keys()]));
  const first = Math.min(...indexes);
  const branches = new Map<string, { condition: Condition; rest: Conjunction[] }>();
  for (const conjunction of alternatives) {
    const condition = conjunction.get(first);
    if (condition === undefined) return false;
    const key = `${condition.op} ${condition.value} ${condition.mask}`;
    const branch = branches.get(key) ?? { condition, rest: [] };
    branch.rest.push(new Map([...conjunction].filter(([index]) => index !== first)));
    branches.set(key, branch);
  }
  // Alternatives of one argument are a list that is gone through to the end.
  if (indexes.size === 1) return true;
  const list = [...branches.values()];
  return list.every(
    ({ condition, rest }, at) =>
      isTree(rest) && list.slice(at + 1).every((other) => areDisjoint(condition, other.condition)),
  );
}
