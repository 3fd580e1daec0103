import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { makePolicy } from "../../commands/kata-policy.ts";
import { bake } from "./bake.ts";
import { agentPolicy } from "./generated/agent-policy.ts";
import { findSentCommands } from "./sent-commands.ts";
import { expandVariables } from "./variables.ts";

const repository = (path: string): string => new URL(`../../../../../${path}`, import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "kubefence-policy-"));
afterAll(() => rmSync(directory, { recursive: true }));
const put = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const rules = (text = ""): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const flags = { file: [], sandboxCommand: [], admitPolicy: [] };

describe("commands of a manifest", () => {
  const manifest = readFileSync(repository("kata/policy/baked/probes.yaml"), "utf8");

  test("all of its pods, with every kind of container, probe and hook, in order", () => {
    expect(findSentCommands("probes.yaml", manifest).map(({ where, args }) => [where, args])).toEqual([
      ["Deployment web, container migrate, postStart", ["/bin/true"]],
      [
        "Deployment web, container app, livenessProbe",
        ["/nono/nono", "wrap", "--profile", "default", "--", "check", "--port=8080"],
      ],
      ["Deployment web, container app, readinessProbe", ["cat", '/tmp/ready with "quotes" and \u00e4']],
      ["Deployment web, container app, preStop", ["sh", "-c", "sleep $(DELAY)"]],
      ["Pod once, container once, startupProbe", ["/x", "a".repeat(2000)]],
      ["CronJob nightly, container job, livenessProbe", ["/bin/true"]],
    ]);
  });

  test("objects that make no pods are passed over, lists are looked into", () => {
    const list = {
      kind: "List",
      items: [
        { kind: "Service", spec: {} },
        { kind: "Pod", spec: { containers: [] } },
      ],
    };
    expect(findSentCommands("f", JSON.stringify(list))).toEqual([]);
    expect(() => findSentCommands("f", "kind: Service\n")).toThrow(
      /^KF_KATA_POLICY_MANIFEST: f: it describes no pod; /,
    );
  });

  test.each([
    ["kind: Pod\nspec: {containers: [{name: a, livenessProbe: {exec: {command: sh}}}]}", "KF_KATA_POLICY_COMMAND"],
    ["kind: Pod\nspec: {containers: [{name: a, livenessProbe: {exec: {command: []}}}]}", "KF_KATA_POLICY_COMMAND"],
    ["kind: Pod\nspec: {containers: [{name: a, livenessProbe: {exec: {command: [1]}}}]}", "KF_KATA_POLICY_COMMAND"],
    [
      'kind: Pod\nspec: {containers: [{name: a, livenessProbe: {exec: {command: ["a\\0"]}}}]}',
      "KF_KATA_POLICY_COMMAND",
    ],
    ["kind: Pod\nspec: {containers: [{name: a, livenessProbe: {exec: {}}}]}", "KF_KATA_POLICY_COMMAND"],
    ["kind: Pod\nspec: {}", "KF_KATA_POLICY_MANIFEST"],
    ["[1", "KF_KATA_POLICY_MANIFEST"],
    ["a: 1", "KF_KATA_POLICY_MANIFEST"],
    ["", "KF_KATA_POLICY_MANIFEST"],
  ])("%j is refused", (text, code) => {
    expect(() => findSentCommands("f", text)).toThrow(new RegExp(`^${code}: f`));
  });

  test.each([
    ["$(A)", "1"],
    ["$(A)$(B)", "1$(B)"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$A ${A} $", "$A ${A} $"],
    ["$(A", "$(A"],
    ["$()", "$()"],
  ])("%s is sent as %s", (text, sent) => {
    expect(expandVariables(text, new Map([["A", "1"]]))).toBe(sent);
  });
});

describe("the policy that is printed", () => {
  test("without anything it differs from the repository's in comments only", async () => {
    const { stdout, stderr } = await makePolicy(flags);
    expect(stderr).toBe("");
    expect(rules(stdout).map((line) => line.trim())).toEqual(
      rules(readFileSync(repository("kata/policy/policy.rego"), "utf8")).flatMap((line) =>
        line === 'sandbox_commands := [["/pause"]]' ? ["sandbox_commands := [", '["/pause"],', "]"] : [line.trim()],
      ),
    );
  });

  // native/kata-policy asks the engines about it.
  test("with probes, an exec profile and another policy it is kata/policy/baked/policy.rego", async () => {
    const { stdout, stderr } = await makePolicy({
      file: [repository("kata/policy/baked/probes.yaml")],
      execProfile: "debug",
      execSeccomp: "restricted",
      sandboxCommand: ["/usr/bin/pod"],
      admitPolicy: [put("other.rego", "package agent_policy\n\ndefault SetPolicyRequest := false\n")],
    });
    const expected = readFileSync(repository("kata/policy/baked/policy.rego"), "utf8");
    expect(stdout?.replaceAll(directory, "DIRECTORY")).toBe(expected);
    expect(stderr?.match(/^warning: .*$/gm)).toHaveLength(5);
    expect(stderr).toContain(
      'warning: Deployment web, container app, preStop: runs outside the sandbox: ["sh","-c","sleep $(DELAY)"]; write /nono/nono wrap',
    );
    expect(stderr).toMatch(/other\.rego: kata_policy_sha256 needs [0-9a-f]{64}\n$/);
  });

  test("-o replaces the file", async () => {
    const output = put("policy.rego", "old");
    const { stdout } = await makePolicy({ ...flags, output });
    const written = execFileSync("sha256sum", [output], { encoding: "utf8" });
    expect(stdout).toBe(`${output}: sha256 ${written.slice(0, 64)}\n`);
    await expect(makePolicy({ ...flags, output: join(directory, "none", "x") })).rejects.toThrow(
      /^KF_KATA_POLICY_WRITE: /,
    );
  });

  test.each([
    [{ execSeccomp: "restricted" }, "--exec-seccomp goes with --exec-profile"],
    [{ execProfile: "../x" }, "--exec-profile ../x: must match"],
    [{ execProfile: "x", execSeccomp: "a b" }, "--exec-seccomp a b: must match"],
    [{ sandboxCommand: ["pause"] }, "--sandbox-command pause: must be an absolute path"],
  ])("%j is refused", async (wrong, message) => {
    await expect(makePolicy({ ...flags, ...wrong })).rejects.toThrow(message);
  });

  test("a file that is not there, or is no text", async () => {
    await expect(makePolicy({ ...flags, file: ["/none"] })).rejects.toThrow(/^KF_KATA_POLICY_READ: \/none: ENOENT/);
    writeFileSync(join(directory, "binary"), Uint8Array.of(0xff));
    await expect(makePolicy({ ...flags, admitPolicy: [join(directory, "binary")] })).rejects.toThrow(
      /KF_KATA_POLICY_READ/,
    );
  });
});

test("property: whatever is baked, no line is longer than regorus reads, and nothing leaves its literal or comment", () => {
  const text = fc.string({ unit: "binary", maxLength: 3000 });
  const sent = fc.record({
    where: text,
    args: fc.array(text, { minLength: 1, maxLength: 5 }),
    isWrapped: fc.boolean(),
  });
  const policy = fc.record({ name: text, text });
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 3 }), fc.array(policy, { maxLength: 2 }), (commands, policies) => {
      const baked = bake(agentPolicy, { sandboxCommands: [["/pause"]], commands, prefix: [], policies });
      const [part = ""] = /^# baked: [^]*?^# end of baked$/m.exec(baked) ?? [];
      expect(Math.max(...baked.split("\n").map((line) => Buffer.byteLength(line)))).toBeLessThan(1024);
      // Strings and comments taken out, what is left is ours.
      const bare = part.replaceAll(/^\s*# [ -~]*$/gm, "").replaceAll(/"(?:[^"\\\n]|\\.)*"/g, "S");
      expect(bare).toMatch(/^(?:\w+ := )?[\s\w:=[\](),]*$/);
      expect(bare.match(/:=/g)).toHaveLength(4);
      const literals = [...part.matchAll(/"(?:[^"\\\n]|\\.)*"/g)].map(([literal]) => String(JSON.parse(literal)));
      expect(literals.join("")).toContain(commands.flatMap(({ args }) => args).join(""));
    }),
    { numRuns: 50 },
  );
});
