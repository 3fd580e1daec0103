import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { testOnOwnNode as test } from "../../cluster-fixtures.ts";
import { animatedSvg } from "../../demos/animated-svg.ts";
import { formatRecording, parseRecording, recordCommand } from "../../demos/asciicast.ts";
import { demoImage, type DemoWithImage } from "../../demos/demo-image.ts";
import { runScript, type ScriptRun } from "../../demos/run.ts";
import { type Attempt, finalTable } from "../../demos/table.ts";
import { expectFile, expectRegion, updatesDocs } from "../../reference-page.ts";
import type { Cluster } from "../../stack/cluster/cluster.ts";
import { clusterUnderTest, execute } from "../../stack/cluster/under-test.ts";
import { CriClient } from "../../stack/cri/client.ts";
import { checkout } from "../../stack/directories.ts";
import { importArchive } from "../../stack/images/import.ts";
import { AuditTrail } from "../../workloads/audit-trail.ts";

// The demos of contrib/, each by its own demo.sh. What it prints is what its README says, what its recording shows, and what
// another program in the same containers meets.

const environment = { RUNTIME_CLASS: "nono-runc", SKIP_BUILD: "true", FORCE_COLOR: "1" };
let directory: string;
let audit: ChildProcess | undefined;
let auditFile: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-demos-"));
  auditFile = join(directory, "audit.log");
  // It compiles the reader, and says whether it works here.
  const trail = await AuditTrail.start(directory);
  if ("unavailable" in trail) {
    console.warn(`the kernel's record of denials: not run: ${trail.unavailable}`);
    return;
  }
  await trail.stop();
  audit = spawn(join(directory, "audit-trail"), { stdio: ["pipe", openSync(auditFile, "w"), "inherit"] });
});

afterAll(async () => {
  if (audit !== undefined) {
    const closed = once(audit, "close");
    audit.stdin?.end();
    await closed;
  }
  rmSync(directory, { recursive: true, force: true });
});

afterEach(async () => {
  await clusterUnderTest().kubectl.run([
    "delete",
    "pods,jobs",
    "--selector=mode in (baseline,sandbox)",
    "--grace-period=1",
  ]);
});

async function importDemoImage({ directories }: Cluster, demo: DemoWithImage): Promise<void> {
  const image = await demoImage(demo);
  const cri = await CriClient.connect(directories.containerdSocket);
  await importArchive(directories, cri, image);
  cri.close();
}

async function runDemo(own: Cluster, demo: string, further: Record<string, string> = {}): Promise<ScriptRun> {
  const ended = await runScript(own, [`contrib/${demo}/demo.sh`], { ...environment, ...further });
  expect(ended, ended.stdout).toMatchObject({ exitCode: 0 });
  return ended;
}

/** Holds the README's table and the recording to what the demo has printed. */
async function expectDocumented(demo: string, { events, stdout }: ScriptRun): Promise<void> {
  expectRegion(`contrib/${demo}/README.md`, "table", `\`\`\`\n${finalTable(stdout).text}\n\`\`\``);
  const castFile = `contrib/${demo}/demo.cast`;
  if (updatesDocs) {
    const recording = recordCommand(demo, `RUNTIME_CLASS=nono-runc contrib/${demo}/demo.sh`, events);
    expectFile(castFile, formatRecording(recording));
    expectFile(`contrib/${demo}/demo.svg`, await animatedSvg(recording));
  }
  const recorded = parseRecording(readFileSync(join(checkout, castFile), "utf8"));
  const shown = stripVTControlCharacters(recorded.events.map(({ data }) => data).join("")).replaceAll("\r", "");
  expect(shown.slice(shown.indexOf("\n") + 1), `${castFile} shows something else: make demo-recordings`).toBe(stdout);
}

/** Runs pod-baseline.yaml and pod-sandbox.yaml, as run-demo.sh would change them. */
async function runPods({ kubectl }: Cluster, demo: string): Promise<void> {
  for (const mode of ["baseline", "sandbox"]) {
    const manifest = readFileSync(join(checkout, `contrib/${demo}/pod-${mode}.yaml`), "utf8");
    await kubectl.apply(manifest.replace("kata-nono-sandbox", "nono-runc"));
    await kubectl.wait(`pod/${demo}-${mode}`, "condition=Ready");
  }
}

/** The attempt as a command of the shell, if one is known. */
function shellCommand(attempt: string): string | undefined {
  const [, verb = "", path = ""] = /^(\w+) (\/\S+)$/.exec(attempt) ?? [];
  const commands: Record<string, string> = {
    read: `cat ${path}`,
    write: `mkdir -p $(dirname ${path}) && : >>${path}`,
    remove: `rm -f ${path}`,
    link: `ln -s ${path} /tmp/link && cat /tmp/link`,
  };
  return commands[verb];
}

/** What the shell meets in those pods, for each attempt that it can make. */
async function attemptsOfShell(demo: string, attempts: Attempt[]): Promise<Attempt[]> {
  const results: Attempt[] = [];
  for (const { attempt } of attempts) {
    const command = shellCommand(attempt);
    if (command === undefined) continue;
    const result = async (mode: "baseline" | "sandbox"): Promise<Attempt["baseline"]> => {
      const { exitCode, stderr } = await execute(clusterUnderTest(), `${demo}-${mode}`, ["sh", "-c", command], "demo");
      if (exitCode === 0) return "ALLOWED";
      expect(stderr, `${demo}-${mode}: ${command}`).toContain("Permission denied");
      return "BLOCKED";
    };
    results.push({ attempt, baseline: await result("baseline"), sandbox: await result("sandbox") });
  }
  return results;
}

describe.each(["python-dev", "node-dev", "go-dev"] as const)("%s", (demo) => {
  let attempts: Attempt[];

  test("demo.sh prints what its README says and its recording shows", async ({ own }) => {
    await importDemoImage(own, demo);
    const ended = await runDemo(own, demo);
    ({ attempts } = finalTable(ended.stdout));
    expect(attempts.filter(({ baseline }) => baseline === "BLOCKED")).toEqual([]);
    await expectDocumented(demo, ended);
  });

  test("a shell in the same containers meets the same", async ({ own }) => {
    await runPods(own, demo);
    const found = await attemptsOfShell(demo, attempts);
    expect(found.length).toBeGreaterThan(8);
    expect(attempts.filter(({ attempt }) => shellCommand(attempt) !== undefined)).toEqual(found);
  });
});

test("node-dev, interactive: a shell in the sandbox", async ({ own }) => {
  const script = "cat /etc/shadow; echo typed >/app/file && cat /app/file\n";
  const ended = await runScript(own, ["contrib/node-dev/demo.sh", "--interactive"], environment, script);
  expect(ended.stdout).toBe("typed\n");
  expect(ended.stderr).toContain("/etc/shadow: Permission denied");
});

test("ai-agent: demo.sh prints what its README says, and what the kernel recorded", async ({ own, skip }) => {
  await importDemoImage(own, "ai-agent");
  const ended = await runDemo(own, "ai-agent", audit === undefined ? {} : { AUDIT: `cat ${auditFile}` });
  const { attempts } = finalTable(ended.stdout);
  const results = new Map(attempts.map(({ attempt, baseline, sandbox }) => [attempt, `${baseline} ${sandbox}`]));
  expect(Object.fromEntries(results)).toEqual({
    "read_file /workspace/inbox/report.md": "ALLOWED ALLOWED",
    "read_file /root/.aws/credentials": "ALLOWED BLOCKED",
    "read_file /var/run/secrets/kubernetes.io/serviceaccount/token": "ALLOWED BLOCKED",
    "write_file /usr/local/bin/backdoor": "ALLOWED BLOCKED",
    "write_file /root/.profile": "ALLOWED BLOCKED",
    open_raw_socket: "ALLOWED BLOCKED",
    "run_shell id": "ALLOWED BLOCKED",
    "write_file /workspace/summary.md": "ALLOWED ALLOWED",
  });
  skip(audit === undefined, "not run: no audit records here");
  const recorded = ended.stdout.slice(ended.stdout.indexOf("==> what the kernel recorded")).split("\n").slice(1);
  expect(recorded.map((line) => line.split(/ +/).slice(1).join(" ")).filter((line) => line !== "")).toEqual([
    "fs.read_file /root/.aws/credentials",
    "fs.read_file /var/run/secrets/kubernetes.io/serviceaccount/token",
    "fs.make_reg /usr/local/bin",
    "fs.make_reg /root",
    "fs.execute,fs.read_file /bin/dash",
  ]);
  await expectDocumented("ai-agent", ended);
});

test("a demo on a cluster that kubectl does not know says which it knows", async ({ own }) => {
  const ended = await runScript(own, ["contrib/python-dev/demo.sh"], { CONTEXT: "kind-nono-containerd" });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toBe(
    "python-dev/demo.sh: kubectl knows no context kind-nono-containerd; CONTEXT names another. It knows: kubefence \n",
  );
});

test("ai-agent: its profile leaves the nodes as its README says", async ({ own }) => {
  const profile = join(own.directories.root, "opt/nono-nri/profiles/ai-agent.json");
  expect(existsSync(profile)).toBe(true);
  const [, flags = ""] =
    /upgrade with `(--set profiles\.\S+)`/.exec(readFileSync(join(checkout, "contrib/ai-agent/README.md"), "utf8")) ??
    [];
  const upgrade = ["upgrade", "kubefence", join(checkout, "charts/kubefence"), "--namespace=kube-system", "--wait"];
  await own.kubectl.helm([...upgrade, "--reset-then-reuse-values", ...flags.split(" ")]);
  expect(existsSync(profile)).toBe(false);
});

test("a demo of a class that the cluster does not have says which there are", async ({ own }) => {
  const ended = await runScript(own, ["contrib/python-dev/demo.sh"], { SKIP_BUILD: "true" });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/no RuntimeClass kata-nono-sandbox; RUNTIME_CLASS names another.*nono-runc/);
});

describe("kata-sandbox, of which no virtual machine runs here", () => {
  const classes = readFileSync(join(checkout, "deploy/runtimeclass-kata.yaml"), "utf8");

  test("the API server takes its manifests", async ({ own: { kubectl } }) => {
    await kubectl.apply(classes);
    try {
      for (const pod of ["pod-plain", "pod-kata"]) {
        const manifest = readFileSync(join(checkout, `contrib/kata-sandbox/${pod}.yaml`), "utf8");
        await kubectl.run(["create", "--dry-run=server", "--validate=strict", "--filename=-"], manifest);
      }
    } finally {
      await kubectl.run(["delete", "--filename=-"], classes);
    }
  });

  test("its demo.sh notices a class that is no virtual machine", async ({ own }) => {
    const ended = await runScript(own, ["contrib/kata-sandbox/demo.sh"], environment);
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.stdout).toMatch(/==> a Kata pod.*\nkernel \S+\n(?:ALLOWED .*\n)+(?:BLOCKED .*\n)+/);
    expect(ended.stderr).toMatch(/both ran on the same kernel .*: nono-runc is no virtual machine here/);
  });
});

test("every demo has its files", () => {
  for (const demo of ["python-dev", "node-dev", "go-dev", "ai-agent"]) {
    const files = ["Dockerfile", "README.md", "demo.cast", "demo.sh", "demo.svg"];
    const manifests = ["job-baseline", "job-sandbox", "pod-baseline", "pod-sandbox"].map((name) => `${name}.yaml`);
    for (const file of [...files, ...manifests]) {
      expect(existsSync(join(checkout, "contrib", demo, file)), `contrib/${demo}/${file}`).toBe(true);
    }
  }
});
