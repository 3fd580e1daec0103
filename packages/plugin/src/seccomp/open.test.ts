import { expect, test, vi } from "vitest";
import { POLICY_NAMES } from "./document.ts";
import { openSeccomp } from "./open.ts";

const faked = vi.hoisted(() => ({ machine: "x86_64" }));
vi.mock("node:os", () => ({ machine: () => faked.machine, release: () => "6.18.0" }));

test.each(["x86_64", "aarch64"])("each policy, on %s", (machine) => {
  faked.machine = machine;
  for (const name of POLICY_NAMES) expect(openSeccomp(name)?.policy).toBe(name);
});

test("none where none is configured", () => {
  expect(openSeccomp("")).toBeUndefined();
});

test("none for another machine: said, and not left out", () => {
  faked.machine = "riscv64";
  expect(() => openSeccomp("restricted")).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining('seccomp_profile "restricted" is not made for riscv64'),
    }),
  );
});
