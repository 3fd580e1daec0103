import { expect, test } from "vitest";
import type { Conjunction } from "./behaviour.ts";
import { ALL_BITS, type Condition } from "./condition.ts";
import { isTree } from "./tree.ts";

const eq = (value: bigint): Condition => ({ op: "eq", value, mask: ALL_BITS });
const le = (value: bigint): Condition => ({ op: "le", value, mask: ALL_BITS });

function all(...conditions: (readonly [number, Condition])[]): Conjunction {
  return new Map(conditions);
}

test.each<[string, Conjunction[]]>([
  ["nothing", []],
  ["one alternative of two arguments", [all([0, eq(1n)], [1, eq(2n)])]],
  ["one argument, in any number and overlapping", [all([1, le(5n)]), all([1, le(9n)]), all([1, eq(2n)])]],
  ["branches that exclude each other", [all([0, eq(1n)], [1, eq(2n)]), all([0, eq(3n)], [2, eq(4n)])]],
  ["one branch that forks later", [all([0, eq(1n)], [1, eq(2n)]), all([0, eq(1n)], [1, eq(3n)])]],
  ["arguments that are not named in order", [all([1, eq(2n)], [0, eq(1n)]), all([1, eq(3n)], [0, eq(1n)])]],
])("a tree: %s", (_what, alternatives) => {
  expect(isTree(alternatives)).toBe(true);
});

test.each<[string, Conjunction[]]>([
  ["the first argument does not matter to one", [all([0, eq(1n)]), all([1, eq(2n)])]],
  ["two branches can both hold", [all([0, le(5n)], [1, eq(2n)]), all([0, eq(3n)], [1, eq(4n)])]],
  [
    "the last two of three can",
    [all([0, eq(9n)], [1, eq(1n)]), all([0, le(5n)], [1, eq(2n)]), all([0, eq(3n)], [1, eq(4n)])],
  ],
  ["a branch ends where another goes on", [all([0, eq(1n)]), all([0, eq(1n)], [1, eq(2n)])]],
  [
    "a fork inside a branch is none",
    [
      all([0, eq(1n)], [1, le(5n)], [2, eq(1n)]),
      all([0, eq(1n)], [1, eq(3n)], [2, eq(2n)]),
      all([0, eq(2n)], [1, eq(1n)]),
    ],
  ],
])("no tree: %s", (_what, alternatives) => {
  expect(isTree(alternatives)).toBe(false);
});
