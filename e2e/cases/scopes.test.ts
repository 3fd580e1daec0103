import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import { runProbe } from "../stack/probe.ts";

// What a container can reach of processes outside its sandbox, where namespaces do not already hide them.

const test = testWithPlugin();

test("with its own pid namespace a container needs no signal scope", async ({ runSandboxedPod }) => {
  const pod = await runSandboxedPod({});
  const container = await pod.createContainer({ name: "main", image: images.busybox, command: ["true"] });
  expect((await container.runtimeSpec()).process.args).toEqual([
    "/nono/nono",
    "wrap",
    "--profile",
    "default",
    "--",
    "true",
  ]);
});

test.for([
  { shares: "the pod's", spec: { shareProcessNamespace: true } },
  { shares: "the node's", spec: { hostPid: true } },
])("with $shares pid namespace it signals only its own processes", async ({ spec }, { runSandboxedPod }) => {
  const pod = await runSandboxedPod(spec);
  const container = await pod.createContainer({ name: "created", image: images.busybox, command: ["true"] });
  expect((await container.runtimeSpec()).process.args.slice(0, 6)).toEqual([
    "/nono/nono",
    "wrap",
    "--profile",
    "default",
    "--scope-signals",
    "--",
  ]);
  const script = "kill -0 1 || echo kept; sleep 100 & kill $! && echo own; cat /proc/1/environ 2>&1 | head -c 100";
  const { stdout, stderr } = await pod.complete({ name: "main", image: images.busybox, command: ["sh", "-c", script] });
  expect(stdout).toMatch(/^kept\nown\n/);
  expect(stdout).not.toContain("PATH=");
  expect(stderr).toContain("can't kill pid 1: Operation not permitted");
});

test("an abstract unix socket of another container of the pod is out of reach", async ({ runSandboxedPod, runPod }) => {
  const listen =
    "import socket; s = socket.socket(socket.AF_UNIX); s.bind('\\0kubefence-test'); s.listen(); print('listening', flush=True); s.accept()";
  const connect = "import socket; socket.socket(socket.AF_UNIX).connect('\\0kubefence-test'); print('connected')";
  const python = { image: images.debian, command: ["python3", "-c"] };
  const outcome = async (pod: Awaited<ReturnType<typeof runPod>>): Promise<string> => {
    const server = await pod.startContainer({ ...python, name: "server", args: [listen] });
    await expect.poll(() => server.output().stdout).toBe("listening\n");
    const { stdout, stderr } = await pod.complete({ ...python, name: "client", args: [connect] });
    return stdout + stderr;
  };
  expect(await outcome(await runPod({}))).toBe("connected\n");
  expect(await outcome(await runSandboxedPod({}))).toContain("PermissionError: [Errno 1] Operation not permitted");
});

test("TCP is not restricted by the profile default", async ({ runSandboxedPod }) => {
  // Nobody listens on the discard port, and the kernel says so: the sandbox would answer EACCES.
  expect(await runProbe(await runSandboxedPod({}), { operations: ["connect:9"] })).toEqual({
    "connect:9": "ECONNREFUSED",
  });
});
