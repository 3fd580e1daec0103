import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { test } from "../../cluster-fixtures.ts";
import { execute } from "../../stack/cluster/under-test.ts";

// Fails where its process is not confined.
const hook = (name: string): object => ({
  exec: { command: ["sh", "-c", `! touch /usr/bin/planted && echo ${name} >>/tmp/hooks`] },
});

// What the cluster's users send into a running container works, and is confined like the container itself.

test("kubectl exec: output, exit code, input, and the sandbox", async ({ cluster, runPod }) => {
  await runPod({ name: "access-exec", runtimeClassName: "nono-runc" });
  expect(await execute(cluster, "access-exec", ["sh", "-c", "echo out; echo err >&2; exit 7"])).toMatchObject({
    exitCode: 7,
    stdout: "out\n",
    stderr: expect.stringContaining("err\n"),
  });
  const echoed = await cluster.kubectl.run(["exec", "--stdin", "access-exec", "--", "cat"], "through stdin");
  expect(echoed).toBe("through stdin");
  expect((await execute(cluster, "access-exec", ["cat", "/etc/shadow"])).stderr).toContain("Permission denied");
  expect((await execute(cluster, "access-exec", ["touch", "/usr/bin/planted"])).stderr).toContain("Permission denied");
});

test("kubectl exec with a terminal", async ({ cluster, runPod }) => {
  await runPod({ name: "access-terminal", runtimeClassName: "nono-runc" });
  const command = cluster.kubectl.commandLine([
    "exec",
    "--stdin",
    "--tty",
    "access-terminal",
    "--",
    "sh",
    "-c",
    "tty; cat /etc/shadow; exit 3",
  ]);
  // script(1) gives kubectl the terminal that it needs for one in the container.
  const quoted = command.map((word) => `'${word}'`).join(" ");
  const { exitCode, stdout } = await new Promise<{ exitCode: number; stdout: string }>((resolve) => {
    const child = execFile("script", ["--quiet", "--return", "--command", quoted, "/dev/null"], (error, text) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout: text }),
    );
    // Kept open: the end of input would end the terminal.
    child.once("exit", () => child.stdin?.destroy());
  });
  expect(stdout).toContain("/dev/pts/0");
  expect(stdout).toContain("Permission denied");
  expect(exitCode).toBe(3);
});

test("kubectl cp: in and out of /tmp, not into /usr", async ({ cluster, runPod }) => {
  await runPod({ name: "access-copy", runtimeClassName: "nono-runc" });
  const directory = mkdtempSync(join(tmpdir(), "kubefence-copy-"));
  try {
    const [sent, received] = [join(directory, "sent"), join(directory, "received")];
    writeFileSync(sent, "copied\n");
    await cluster.kubectl.run(["cp", sent, "access-copy:/tmp/copy"]);
    await cluster.kubectl.run(["cp", "access-copy:/tmp/copy", received]);
    expect(readFileSync(received, "utf8")).toBe("copied\n");
    const refused = await cluster.kubectl.attempt(["cp", sent, "access-copy:/usr/bin/copy"]);
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain("Permission denied");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("exec and HTTP probes, postStart and preStop hooks", async ({ cluster, runPod }) => {
  const script = "mkdir /tmp/web; echo served >/tmp/web/index.html; exec httpd -f -p 8080 -h /tmp/web";
  await runPod({
    name: "access-probes",
    runtimeClassName: "nono-runc",
    spec: { terminationGracePeriodSeconds: 10 },
    container: {
      command: ["sh", "-c", script],
      // Healthy only if the probe's own process is confined.
      livenessProbe: { exec: { command: ["sh", "-c", "! cat /etc/shadow"] }, periodSeconds: 1, timeoutSeconds: 10 },
      readinessProbe: { httpGet: { path: "/index.html", port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
      lifecycle: { postStart: hook("postStart"), preStop: hook("preStop") },
    },
  });
  expect((await execute(cluster, "access-probes", ["cat", "/tmp/hooks"])).stdout).toBe("postStart\n");
  const pod = await cluster.kubectl.get("pod", "access-probes");
  expect(pod["status"].containerStatuses).toMatchObject([{ restartCount: 0, ready: true }]);
  await cluster.kubectl.run(["delete", "pod", "access-probes", "--grace-period=10"]);
  const events = await cluster.kubectl.list("events");
  const ofPod = events.filter((event) => event["involvedObject"].name === "access-probes");
  const reasons = ofPod.map((event) => String(event["reason"]));
  expect(reasons).toContain("Killing");
  expect(reasons.filter((reason) => reason.endsWith("Hook"))).toEqual([]);
});

test("kubectl logs", async ({ cluster, runPod }) => {
  await runPod({
    name: "access-logs",
    runtimeClassName: "nono-runc",
    container: { command: ["sh", "-c", "echo first; echo second; exec sleep infinity"] },
  });
  // A pod is ready when its process is there, which may not have said anything yet.
  const logs = (): Promise<string> => cluster.kubectl.run(["logs", "access-logs"]);
  await expect.poll(logs, { timeout: 30_000, interval: 500 }).toBe("first\nsecond\n");
});

test("kubectl port-forward", async ({ cluster, runPod }) => {
  const script = "mkdir /tmp/web; echo forwarded >/tmp/web/index.html; exec httpd -f -p 8080 -h /tmp/web";
  await runPod({
    name: "access-forward",
    runtimeClassName: "nono-runc",
    container: {
      command: ["sh", "-c", script],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 },
    },
  });
  const answer = await cluster.kubectl.throughPortForward("pod/access-forward", 8080, "/index.html");
  expect(answer).toBe("forwarded\n");
});
