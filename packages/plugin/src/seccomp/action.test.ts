import { describe, expect, test } from "vitest";
import { actionOf, ALLOW, isStricter, ociNameOf, sameAction, stricter, type Action } from "./action.ts";

const STRICTEST_FIRST: readonly Action[] = [
  { kind: "kill_process", errno: 0 },
  { kind: "kill_thread", errno: 0 },
  { kind: "trap", errno: 0 },
  { kind: "errno", errno: 1 },
  { kind: "log", errno: 0 },
  { kind: "allow", errno: 0 },
];
const EPERM: Action = { kind: "errno", errno: 1 };
const ENOSYS: Action = { kind: "errno", errno: 38 };

test.each([
  ["SCMP_ACT_KILL_PROCESS", "kill_process"],
  ["SCMP_ACT_KILL_THREAD", "kill_thread"],
  ["SCMP_ACT_TRAP", "trap"],
  ["SCMP_ACT_LOG", "log"],
  ["SCMP_ACT_ALLOW", "allow"],
])("%s is %s, and no errno counts", (name, kind) => {
  expect(actionOf(name)).toEqual({ kind, errno: 0 });
  expect(actionOf(name, 38)).toEqual({ kind, errno: 0 });
  expect(ociNameOf(actionOf(name) ?? ALLOW)).toBe(name);
});

test("a refusal has the errno that is named, or EPERM", () => {
  expect(actionOf("SCMP_ACT_ERRNO")).toEqual(EPERM);
  expect(actionOf("SCMP_ACT_ERRNO", 38)).toEqual(ENOSYS);
  expect(ociNameOf(ENOSYS)).toBe("SCMP_ACT_ERRNO");
});

test("KILL is the thread's end; what asks another process is no action, nor is what nobody knows", () => {
  expect(actionOf("SCMP_ACT_KILL", 38)).toEqual({ kind: "kill_thread", errno: 0 });
  for (const name of ["SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY", "SCMP_ACT_ASK", ""]) expect(actionOf(name)).toBeUndefined();
});

describe("of two answers", () => {
  test("the stricter counts, whoever gives it", () => {
    for (const [at, left] of STRICTEST_FIRST.entries()) {
      for (const right of STRICTEST_FIRST.slice(at + 1)) {
        expect([stricter(left, right), stricter(right, left)]).toEqual([left, left]);
        expect([isStricter(left, right), isStricter(right, left), isStricter(left, left)]).toEqual([
          true,
          false,
          false,
        ]);
      }
    }
  });

  test("of two errnos it is ours", () => {
    expect(stricter(EPERM, ENOSYS)).toBe(EPERM);
    expect(stricter(ENOSYS, EPERM)).toBe(ENOSYS);
  });
});

test("two are the same by kind and errno", () => {
  expect(sameAction(EPERM, { ...EPERM })).toBe(true);
  expect(sameAction(EPERM, ENOSYS)).toBe(false);
  expect(sameAction({ kind: "log", errno: 0 }, ALLOW)).toBe(false);
});
