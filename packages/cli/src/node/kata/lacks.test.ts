/** What each row of check says of a handler, and what it tells to do. Which handlers are bad as a whole: handler.test.ts. */
import { describe, expect, test } from "vitest";
import type { KernelVerdict } from "../../kata/kernel.ts";
import type { CheckRow } from "../check.ts";
import type { TomlTable } from "../toml/parse.ts";
import { handlerRows, type HandlerState } from "./lacks.ts";

const ours = "use the handler kata-nono-qemu";

const bare: HandlerState = {
  name: "kata-qemu",
  table: {},
  configuration: { runtime: "go", hypervisor: {}, settings: {} },
  kernel: undefined,
  hasPolicy: false,
  listsAnnotations: true,
};

function row(name: string, changes: Partial<HandlerState>): CheckRow | undefined {
  return handlerRows({ ...bare, ...changes }).find((one) => one.name === name);
}

function configuration(
  runtime: "go" | "rust",
  hypervisor: TomlTable,
  settings: TomlTable = {},
): Pick<HandlerState, "configuration"> {
  return { configuration: { runtime, hypervisor, settings } };
}

function kernelRow(landlock: KernelVerdict["landlock"]): CheckRow | undefined {
  return row("Landlock in the guest", { kernel: { landlock, because: "Kata is 3.x" } });
}

function seccomp(settings: TomlTable): CheckRow | undefined {
  return row("seccomp in the guest", configuration("go", {}, settings));
}

function enabled(...names: readonly string[]): Pick<HandlerState, "configuration"> {
  return configuration("go", { enable_annotations: [...names] });
}

describe("Landlock in the guest", () => {
  test("our kernel, and one of Kata's that has it, are fine", () => {
    expect(row("Landlock in the guest", {})).toMatchObject({ state: "ok", value: "our guest kernel" });
    expect(kernelRow("in force")).toEqual({ name: "Landlock in the guest", state: "ok", value: "Kata is 3.x" });
  });

  test("one without it, and one of which nobody knows, are not: both say why, and which Kata has it", () => {
    expect(kernelRow("lacking")).toMatchObject({ state: "bad", value: "none: Kata is 3.x" });
    expect(kernelRow("unknown")).toMatchObject({ state: "bad", value: "not known: Kata is 3.x" });
    expect(kernelRow("unknown")?.fix).toMatch(/end with 125; use Kata 3\.32\.0 or later, or install our guest kernel/);
  });
});

test("the policy: whose it is, or what gets in without it", () => {
  expect(row("policy of the guest", { hasPolicy: true })).toMatchObject({ state: "ok", value: "in our guest image" });
  expect(row("policy of the guest", {})).toMatchObject({
    state: "warn",
    value: expect.stringContaining("kubectl exec"),
    fix: expect.stringContaining(ours),
  });
});

test("seccomp in the guest is on only where the configuration says so: Kata's default is off", () => {
  expect(seccomp({ disable_guest_seccomp: false })).toMatchObject({
    state: "ok",
    value: expect.stringContaining("passed on"),
  });
  for (const settings of [{ disable_guest_seccomp: true }, {}]) {
    expect(seccomp(settings)).toMatchObject({
      state: "warn",
      value: expect.stringContaining("off: Kata drops"),
      fix: expect.stringMatching(/kata-nono-qemu.* without --disable-guest-seccomp/),
    });
  }
});

describe("annotations", () => {
  const wide = { pod_annotations: ["io.*", "io.katacontainers.*"] };

  test("wide patterns of the runtime are named, where it has a list at all", () => {
    expect(row("annotations", { table: wide })).toMatchObject({
      state: "warn",
      value: "io.*, io.katacontainers.* reach Kata from any pod; only the plugin refuses them",
      fix: expect.stringContaining(ours),
    });
    expect(row("annotations", { table: wide, listsAnnotations: false })).toMatchObject({ state: "ok" });
  });

  test("of Kata's own list, the size of the machine is fine", () => {
    expect(row("annotations", {})).toMatchObject({ state: "ok", value: "Kata takes none of a pod" });
    expect(row("annotations", enabled("default_vcpus", "default_max_memory"))).toMatchObject({
      state: "ok",
      value: "Kata takes default_vcpus, default_max_memory of a pod",
    });
  });

  test("everything else on it is named, also what begins or ends like the size", () => {
    expect(
      row("annotations", enabled("default_vcpus", "kernel", "default_memory_path", "x_default_vcpus")),
    ).toMatchObject({
      state: "warn",
      value: "Kata takes kernel, default_memory_path, x_default_vcpus of any pod",
    });
  });
});

describe("seccomp of QEMU", () => {
  test.each(["go", "rust"] as const)("off, in the words of the %s runtime", (runtime) => {
    const key = runtime === "rust" ? "seccomp_sandbox" : "seccompsandbox";
    const otherKey = runtime === "rust" ? "seccompsandbox" : "seccomp_sandbox";
    expect(row("seccomp of QEMU", configuration(runtime, { [key]: "on" }))).toMatchObject({ state: "ok", value: "on" });
    expect(row("seccomp of QEMU", configuration(runtime, { [otherKey]: "on" }))).toMatchObject({
      state: "warn",
      value: "off",
      fix: expect.stringMatching(/kata-nono-qemu.* with --seccomp-sandbox/),
    });
  });

  test("what its daemon cannot bear has to go", () => {
    expect(row("seccomp of QEMU", configuration("go", { seccompsandbox: "on,elevateprivileges=deny" }))).toMatchObject({
      state: "bad",
      fix: expect.stringContaining("take elevateprivileges=deny out"),
    });
  });
});
