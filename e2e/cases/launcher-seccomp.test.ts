import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { staticTarget } from "../bare-root/binaries.ts";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot, type Outcome } from "../bare-root/root.ts";
import { cache, checkout } from "../stack/directories.ts";

// What the kernel answers under `--seccomp` is what the policy's rules say, and what it answers without is what it
// answers where they allow a call.

const execute = promisify(execFile);
const policyFolder = join(checkout, "seccomp/generated");
const policies = readdirSync(policyFolder)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.slice(0, -".json".length));

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  root.profile("test", manifestOf(["r /calls"]));
  const filters = join(root.launcherDirectory, "seccomp");
  mkdirSync(filters);
  for (const policy of policies) {
    copyFileSync(join(cache, "bin/seccomp", `${policy}.bpf`), join(filters, `${policy}.bpf`));
  }
});

afterAll(() => root.remove());

interface Sampled {
  call: string;
  verdict: number;
  name: string;
}

/** Calls that do no harm, and what the rules of `policy` say to them. */
async function sample(policy: string, held: bigint): Promise<Sampled[]> {
  const args = ["run", "--locked", "--quiet", "--release", "--target", staticTarget];
  const example = ["--package", "kubefence-seccomp", "--example", "sample"];
  const env = { ...process.env, CARGO_TARGET_DIR: join(cache, "cargo-target") };
  const file = join(policyFolder, `${policy}.json`);
  const { stdout } = await execute("cargo", [...args, ...example, "--", file, String(held)], {
    cwd: join(checkout, "native"),
    env,
    maxBuffer: 8 << 20,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const [call = "", verdict, name = ""] = line.split("|");
      return { call, verdict: Number(verdict), name };
    });
}

/** The errors of the calls, made in the root under the launcher. */
async function make(calls: string[], options: string[], dropped: number[]): Promise<number[]> {
  root.file("/calls", calls.map((call) => `${call}\n`).join(""));
  const around = dropped.length > 0 ? ["/bin/trial", "bounding", dropped.join(","), "--"] : [];
  const outcome = await root.run({ options, around, command: ["/bin/trial", "calls", "/calls"] });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  return outcome.stdout.trim().split(" ").map(Number);
}

/** The bounding set that this test runs with. */
function ownBoundingSet(): bigint {
  const [, mask = ""] = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return BigInt(`0x${mask}`);
}

/** Every capability that a policy asks for. */
const asked = [2, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 34, 38, 39];

describe.each([
  { what: "with all capabilities", dropped: [] },
  { what: "without any that a policy asks for", dropped: asked },
  { what: "with CAP_SYS_ADMIN alone", dropped: asked.filter((capability) => capability !== 21) },
])("$what", ({ dropped }) => {
  test.each(policies)("%s", async (policy) => {
    const held = dropped.reduce((set, capability) => set & ~(1n << BigInt(capability)), ownBoundingSet());
    const sampled = await sample(policy, held);
    const calls = sampled.map(({ call }) => call);
    const plain = await make(calls, [], dropped);
    const filtered = await make(calls, ["--seccomp", policy], dropped);
    expect(filtered).toHaveLength(sampled.length);

    const different = sampled.flatMap(({ call, verdict, name }, index) => {
      const expected = verdict === 0 ? plain[index] : verdict;
      return filtered[index] === expected ? [] : [`${name} (${call}): ${filtered[index]} instead of ${expected}`];
    });
    expect(different).toEqual([]);
    // Enough of them tell a refusal of the filter from one of the kernel.
    const telling = sampled.filter(({ verdict }, index) => verdict !== 0 && plain[index] !== verdict);
    expect(telling.length).toBeGreaterThan(30);
    expect(sampled.filter(({ verdict }) => verdict === 0).length).toBeGreaterThan(200);
  });
});

/** Exit status and code of an outcome that printed nothing else. */
function refusal({ status, stdout, stderr }: Outcome): string {
  expect(stdout).toBe("");
  const [, code] = /^nono: ([A-Z_]+): [^\n]+: [^\n]+; [^\n]+\n$/.exec(stderr) ?? [];
  return `${status} ${code ?? stderr}`;
}

function filter(name: string): string {
  return join(root.launcherDirectory, "seccomp", `${name}.bpf`);
}

async function start(policy: string, around: string[] = []): Promise<string> {
  return refusal(await root.run({ options: ["--seccomp", policy], around, command: ["echo", "started"] }));
}

describe("nothing starts", () => {
  test("without the filter's file, or with something else in its place", async () => {
    expect(await start("missing")).toBe("125 SECCOMP_POLICY");
    writeFileSync(filter("text"), "text");
    expect(await start("text")).toBe("125 SECCOMP_POLICY");
    symlinkSync("restricted.bpf", filter("link"));
    expect(await start("link")).toBe("125 SECCOMP_POLICY");
    mkdirSync(filter("folder"));
    expect(await start("folder")).toBe("125 SECCOMP_POLICY");
    rmSync(filter("folder"), { recursive: true });
  });

  test("with a filter for another machine, or a program that the kernel does not take", async () => {
    const bytes = readFileSync(filter("restricted"));
    const otherMachine = Buffer.from(bytes);
    otherMachine.writeUInt32LE(0x28, 12);
    writeFileSync(filter("other-machine"), otherMachine);
    expect(await start("other-machine")).toBe("125 SECCOMP_POLICY");
    const withoutEnd = Buffer.from(bytes);
    withoutEnd.writeUInt16LE(0x20, withoutEnd.length - 8);
    writeFileSync(filter("without-end"), withoutEnd);
    expect(await start("without-end")).toBe("125 SECCOMP_FILTER");
  });

  test("where the container's own filter only says that ours was taken", async () => {
    // no_new_privs is asked for by prctl, too, so the first that notices is another check.
    expect(await start("restricted", ["/bin/trial", "answer", "prctl", "0", "--"])).toMatch(/^125 [A-Z_]+$/);
    expect(await start("restricted", ["/bin/trial", "answer", "set-filter", "0", "--"])).toBe("125 SECCOMP_FILTER");
    expect(await start("restricted", ["/bin/trial", "answer", "set-filter", "1", "--"])).toBe("125 SECCOMP_FILTER");
  });
});

test("a command that cannot be executed still says so", async () => {
  root.file("/bin/broken", "not a program\n", { mode: 0o755 });
  const { status, stderr } = await root.run({ options: ["--seccomp", "restricted"], command: ["/bin/broken"] });
  expect(status).toBe(126);
  expect(stderr).toContain("COMMAND_NOT_EXECUTABLE");
});
