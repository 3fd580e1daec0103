import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { type RuntimeFixtures, testWithRuntime } from "../fixtures.ts";
import { streamingExec } from "../stack/cri/streaming.ts";
import { images } from "../stack/images/recipes.ts";
import type { Container, Pod } from "../stack/kubelet/pod.ts";
import type { ContainerSpec } from "../stack/kubelet/pod-spec.ts";
import { parseProbe } from "../stack/probe.ts";

// Processes that are sent into a running container: kubectl exec, probes and hooks, which NRI never sees.

const test = testWithRuntime();

const sleeper = { name: "main", image: images.busybox, command: ["sleep", "600"] };
const users: [string, Partial<ContainerSpec>][] = [
  ["root", {}],
  ["uid 1000", { runAsUser: 1000, runAsGroup: 1000 }],
  ["uid 1000 without capabilities", { runAsUser: 1000, capabilities: { drop: ["ALL"] } }],
];
/** A denied read, a denied write, and what shows that no new privileges come. */
const probe = ["/usr/bin/probe", "read:/etc/passwd", "read:/etc/shadow", "create:/world/new", "status:NoNewPrivs"];
const confined = {
  "read:/etc/passwd": "ok",
  "read:/etc/shadow": "EACCES",
  "create:/world/new": "EACCES",
  "status:NoNewPrivs": "1",
};

describe.each(users)("as %s", (_who, user) => {
  test("an exec in one go is confined", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer({ ...sleeper, ...user });
    const { exitCode, stdout, stderr } = await container.exec(...probe);
    expect({ exitCode, stderr, answers: parseProbe(stdout) }).toEqual({ exitCode: 0, stderr: "", answers: confined });
  });

  test("a streaming one and one on a terminal too", async ({ node, runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer({ ...sleeper, ...user });
    const exec = (tty: boolean): ReturnType<typeof streamingExec> =>
      streamingExec(node.cri, node.directories, container.id, {
        command: ["sh"],
        tty,
        input: `cat /etc/shadow; echo x > /world/new; tty; exit 9\n`,
      });
    const streamed = await exec(false);
    expect(streamed).toMatchObject({ exitCode: 9, stdout: "not a tty\n" });
    expect(streamed.stderr).toBe(
      "cat: can't open '/etc/shadow': Permission denied\nsh: can't create /world/new: Permission denied\n",
    );
    const onTerminal = await exec(true);
    expect(onTerminal).toMatchObject({ exitCode: 9, stderr: "" });
    expect(onTerminal.stdout).toContain("can't open '/etc/shadow': Permission denied\r\n");
    expect(onTerminal.stdout).toContain("can't create /world/new: Permission denied\r\n");
    expect(onTerminal.stdout).toContain("/dev/pts/0\r\n");
  });

  // What the sandbox does not change: the same commands in a pod of plain runc, one by one.
  test("ends and says what it would under runc alone", async ({ plugin, runPod, runSandboxedPod }) => {
    expect(plugin.pid).toBeDefined();
    const spec = { ...sleeper, ...user, workingDir: "/home/user", env: [{ name: "GREETING", value: "hello" }] };
    const plain = await (await runPod({ runtimeHandler: "runc" })).startContainer(spec);
    const guarded = await (await runSandboxedPod({})).startContainer(spec);
    const commands = [
      ["id"],
      ["sh", "-c", "pwd; echo $GREETING $HOME; exit 7"],
      ["/bin/sh", "-c", "kill -TERM $$"],
      ["./no-such-program"],
      ["no-such-program"],
      ["/bin/no-such-program"],
      ["/etc"],
      ["/etc/passwd"],
      ["/etc/passwd/x"],
      ["/root/no-such-program"],
      [""],
      ["."],
      ['a b"\\\tä\u0007'],
    ];
    for (const command of commands) {
      expect(await said(guarded, command), JSON.stringify(command)).toEqual(await said(plain, command));
    }
  });
});

/** Exit code and output, or the runtime's error without the id that every exec has of its own. */
async function said(container: Container, command: string[]): Promise<unknown> {
  return container.exec(...command).catch((error: unknown) => String(error).replace(/exec "[0-9a-f]{64}"/, "exec ID"));
}

test("a large environment and long arguments arrive", async ({ runSandboxedPod }) => {
  const env = Array.from({ length: 100 }, (_, index) => ({ name: `LARGE_${index}`, value: "x".repeat(10_000) }));
  const container = await (await runSandboxedPod({})).startContainer({ ...sleeper, env });
  const argument = `\u{1F600}"\\\n`.repeat(10_000);
  const script = 'env | wc -c; printf %s "$1" | wc -c; cat /etc/shadow; echo x > /world/new; exit 5';
  const { exitCode, stdout, stderr } = await container.exec("sh", "-c", script, "sh", argument);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 5,
    stderr:
      "cat: can't open '/etc/shadow': Permission denied\nsh: line 0: can't create /world/new: Permission denied\n",
  });
  const [environment, length] = stdout.trim().split("\n").map(Number);
  expect(environment).toBeGreaterThan(1_000_000);
  expect(length).toBe(Buffer.byteLength(argument));
});

test("200 at once are all confined", async ({ runSandboxedPod }) => {
  const container = await (await runSandboxedPod({})).startContainer(sleeper);
  const all = await Promise.all(Array.from({ length: 200 }, () => container.exec(...probe)));
  for (const { exitCode, stdout } of all) {
    expect({ exitCode, answers: parseProbe(stdout) }).toEqual({ exitCode: 0, answers: confined });
  }
});

test("one that outlives the plugin goes on, and further ones are confined", async ({
  node,
  plugin,
  runSandboxedPod,
}) => {
  const container = await (await runSandboxedPod({})).startContainer(sleeper);
  const long = streamingExec(node.cri, node.directories, container.id, {
    command: ["sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.1; done; cat /etc/shadow; echo x > /world/new; exit 4"],
  });
  await plugin.stop();
  try {
    expect(parseProbe((await container.exec(...probe)).stdout)).toEqual(confined);
    expect((await container.exec("touch", "/tmp/end")).exitCode).toBe(0);
    expect(await long).toMatchObject({
      exitCode: 4,
      stdout: "",
      stderr: "cat: can't open '/etc/shadow': Permission denied\nsh: can't create /world/new: Permission denied\n",
    });
  } finally {
    await plugin.restart();
  }
});

describe("exec_policy", () => {
  const policy = { default: "sandbox", namespaces: { closed: "deny", emergency: "allow" } };

  test("deny says why", async ({ runtime, runSandboxedPod }) => {
    await runtime.withConfiguration({ exec_policy: policy }, async () => {
      const container = await (await runSandboxedPod({ namespace: "closed" })).startContainer(sleeper);
      await expect(container.exec("true")).rejects.toThrow(
        /nono-runc refused the process: EXEC_DENIED: .*exec_policy is deny for namespace closed; use an HTTP/,
      );
      expect(runtime.records().at(-1)).toMatchObject({
        reason: "EXEC_DENIED",
        namespace: "closed",
        subcommand: "exec",
      });
    });
  });

  test("allow starts it without the sandbox and logs each one", async ({ runtime, runSandboxedPod }) => {
    await runtime.withConfiguration({ exec_policy: policy }, async () => {
      const container = await (await runSandboxedPod({ namespace: "emergency" })).startContainer(sleeper);
      expect((await container.exec("cat", "/etc/shadow")).exitCode).toBe(0);
      expect(runtime.records().at(-1)).toMatchObject({
        msg: "exec allowed without sandbox",
        reason: "exec_policy",
        namespace: "emergency",
        container_id: container.id,
        command: '["cat","/etc/shadow"]',
      });
    });
  });

  test("of another namespace changes nothing", async ({ runtime, runSandboxedPod }) => {
    await runtime.withConfiguration({ exec_policy: policy }, async () => {
      const container = await (await runSandboxedPod({ namespace: "open" })).startContainer(sleeper);
      expect(parseProbe((await container.exec(...probe)).stdout)).toEqual(confined);
    });
  });
});

describe("hooks that signal", () => {
  const waiting = {
    ...sleeper,
    command: ["sh", "-c", "trap 'echo reloaded; exit 0' HUP; while true; do sleep 0.1; done"],
  };

  test("reach the first process where the pid namespace is the container's own", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({})).startContainer(waiting);
    expect((await container.exec("kill", "-HUP", "1")).exitCode).toBe(0);
    expect(await container.exit()).toMatchObject({ exitCode: 0, stdout: "reloaded\n" });
  });

  test("reach nobody where it is shared", async ({ runSandboxedPod }) => {
    const container = await (await runSandboxedPod({ shareProcessNamespace: true })).startContainer(waiting);
    const { exitCode, stderr } = await container.exec("killall", "-HUP", "sh");
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain("Operation not permitted");
  });
});

describe("$WORKDIR of an exec", () => {
  const work = "/data/work";

  async function startIn(runSandboxedPod: RuntimeFixtures["runSandboxedPod"]): Promise<[Pod, Container]> {
    const pod = await runSandboxedPod({
      annotations: { "nono.sh/profile": "workspace" },
      volumes: [{ name: "data", kind: "emptyDir" }],
    });
    const container = await pod.startContainer({
      ...sleeper,
      workingDir: work,
      volumeMounts: [{ name: "data", mountPath: "/data" }],
    });
    return [pod, container];
  }

  test("is writable while it is what it was", async ({ runSandboxedPod }) => {
    const [, container] = await startIn(runSandboxedPod);
    expect((await container.exec("touch", `${work}/new`)).exitCode).toBe(0);
  });

  test("opens nothing once the workload has put a link in its place", async ({ runSandboxedPod }) => {
    const [, container] = await startIn(runSandboxedPod);
    // /world is writable for all and no profile's business; as a working directory it would be granted.
    const replaced = await container.exec("sh", "-c", `cd /data && rmdir ${work} && ln -s /world ${work}`);
    expect(replaced).toMatchObject({ exitCode: 0, stderr: "" });
    const { stdout } = await container.exec(
      "/usr/bin/probe",
      "cwd",
      "create:/world/new",
      "create:new",
      "create:/data/new",
    );
    expect(parseProbe(stdout)).toEqual({
      cwd: "/world",
      "create:/world/new": "EACCES",
      "create:new": "EACCES",
      "create:/data/new": "ok",
    });
  });
});

test("a command that comes and goes is either not there or confined", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({
    annotations: { "nono.sh/profile": "workspace" },
    volumes: [{ name: "data", kind: "emptyDir" }],
  });
  const container = await pod.startContainer({
    ...sleeper,
    command: ["sh", "-c", "while true; do cp /usr/bin/probe /data/p; rm /data/p; done"],
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  });
  const outcomes = new Set<string>();
  for (let round = 0; round < 60; round++) {
    const outcome = await container.exec("/data/p", "read:/etc/shadow").then(
      ({ exitCode, stdout }) => (exitCode === 0 ? stdout.trim() : `exit ${exitCode}`),
      (error: unknown) => (/stat \/data\/p: no such file/.test(String(error)) ? "not there" : String(error)),
    );
    outcomes.add(outcome);
  }
  // 126 and 127 are the launcher's, when it goes or is not complete after nono-runc's look.
  const expected = ["not there", "read:/etc/shadow=EACCES", "exit 126", "exit 127"];
  expect([...outcomes].filter((outcome) => !expected.includes(outcome))).toEqual([]);
  expect(outcomes.size).toBeGreaterThan(1);
});

test("a container whose record is gone, or was changed, cannot be entered", async ({ runtime, runSandboxedPod }) => {
  const container = await (await runSandboxedPod({})).startContainer(sleeper);
  const record = join(runtime.bundle(container.id), "nono-runc.json");
  const { uid, gid, mode } = statSync(record);
  expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o600]);
  const text = readFileSync(record, "utf8");
  const refused = /nono-runc refused the process: NO_RECORD: /;
  rmSync(record);
  await expect(container.exec("true")).rejects.toThrow(refused);
  for (const wrong of [
    "",
    "{}",
    text.slice(0, -1),
    text.replace('"format":1', '"format":2'),
    `${text.slice(0, -1)},"x":1}`,
  ]) {
    writeFileSync(record, wrong, { mode: 0o600 });
    await expect(container.exec("true"), wrong).rejects.toThrow(refused);
  }
  writeFileSync(record, text, { mode: 0o600 });
  expect((await container.exec("true")).exitCode).toBe(0);
  chownSync(record, 1000, 1000);
  await expect(container.exec("true")).rejects.toThrow(/NO_RECORD: .*belongs to user 1000/);
});

test("a container that nono-runc has not created cannot be entered", async ({
  runtime,
  plugin,
  node,
  runSandboxedPod,
}) => {
  await node.restartContainerd();
  await plugin.restart();
  const container = await (await runSandboxedPod({})).startContainer(sleeper);
  await node.restartContainerd({ handlerBinary: runtime.program });
  await plugin.restart();
  // The shim of the pod keeps the program that it was started with: the handler's program is called by hand.
  const { run } = await import("../stack/command.ts");
  const root = `${runtime.directories.run}/runc/k8s.io`;
  await expect(run(runtime.program, ["--root", root, "exec", "--process", "/dev/null", container.id])).rejects.toThrow(
    /NO_RECORD/,
  );
});
