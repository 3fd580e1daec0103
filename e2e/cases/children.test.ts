import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

const test = testWithPlugin();

test("children are confined as their parent is, over fork and execve", async ({ runSandboxedPod }) => {
  const answers = await runProbe(await runSandboxedPod({}), {
    operations: [
      "status:NoNewPrivs",
      "child",
      "child",
      "read:/etc/shadow",
      "create:/usr/planted",
      "create:/tmp/file",
      "status:NoNewPrivs",
    ],
  });
  expect(answers).toEqual({
    "status:NoNewPrivs": "1",
    "read:/etc/shadow": "EACCES",
    "create:/usr/planted": "EACCES",
    "create:/tmp/file": "ok",
  });
});

test("python's subprocesses are confined", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const script =
    "import subprocess; print(subprocess.run(['cat', '/etc/shadow'], capture_output=True, text=True).stderr)";
  const { exitCode, stdout } = await pod.complete({
    name: "python",
    image: images.debian,
    command: ["python3", "-c", script],
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "cat: /etc/shadow: Permission denied\n\n" });
});

test("a set-user-id program gives nobody root", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const { stdout } = await pod.complete({
    name: "su",
    image: images.debian,
    runAsUser: 1000,
    command: ["sh", "-c", "stat -c %A /usr/bin/su; su -c id root 2>&1; grep NoNewPrivs /proc/self/status"],
  });
  expect(stdout).toMatch(/^-rws/);
  expect(stdout).not.toContain("uid=0");
  expect(stdout).toMatch(/NoNewPrivs:\t1\n$/);
});

test("every container of a pod is confined, one that starts later too", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  await pod.startContainer({ name: "main", image: images.busybox, command: ["sleep", "600"] });
  for (const name of ["init", "sidecar"]) {
    expect(await runProbe(pod, { name, operations: ["read:/etc/shadow"] })).toEqual({ "read:/etc/shadow": "EACCES" });
  }
});
