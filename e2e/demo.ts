import { TestNode } from "./stack/node.ts";
import { images, recipes } from "./stack/images/recipes.ts";
import type { Completed } from "./stack/kubelet/pod.ts";
import { PluginProcess } from "./stack/plugin/process.ts";

// `make demo`: a real containerd starts Debian containers, and the kernel confines those of our RuntimeClass.

interface Check {
  shows: string;
  command: string[];
  /** Absent: the pod names no RuntimeClass. */
  runtimeHandler?: string;
  holds: (result: Completed) => boolean;
}

const denied = ({ exitCode, stdout, stderr }: Completed): boolean =>
  exitCode !== 0 && stdout === "" && stderr.includes("Permission denied");

const sandboxed = { runtimeHandler: "nono-runc" };
const checks: Check[] = [
  {
    ...sandboxed,
    shows: "process 1 is the original command, nothing of ours in front of it",
    command: ["cat", "/proc/1/cmdline"],
    holds: ({ stdout }) => stdout === "cat\0/proc/1/cmdline\0",
  },
  {
    ...sandboxed,
    shows: "/etc/shadow cannot be read, by root neither",
    command: ["cat", "/etc/shadow"],
    holds: denied,
  },
  { ...sandboxed, shows: "/usr cannot be written", command: ["touch", "/usr/bin/planted"], holds: denied },
  {
    ...sandboxed,
    shows: "/tmp can be written",
    command: ["sh", "-c", "echo hello > /tmp/file && cat /tmp/file"],
    holds: ({ exitCode, stdout }) => exitCode === 0 && stdout === "hello\n",
  },
  {
    ...sandboxed,
    shows: "a child process is confined too",
    command: ["python3", "-c", "import subprocess, sys; sys.exit(subprocess.call(['cat', '/etc/shadow']))"],
    holds: denied,
  },
  {
    shows: "the same container without our RuntimeClass reads /etc/shadow",
    command: ["cat", "/etc/shadow"],
    holds: ({ exitCode, stdout }) => exitCode === 0 && stdout.startsWith("root:"),
  },
];

const wanted = [images.pause, images.debian];
console.log("Starting a node: containerd, runc, CNI (the first time it makes a Debian image, about a minute)");
const node = await TestNode.start(
  "demo",
  {},
  recipes.filter(({ reference }) => wanted.includes(reference)),
);
try {
  const { runtimeName, runtimeVersion } = await node.cri.version();
  const plugin = await PluginProcess.start(node.directories);
  console.log(`Running: ${runtimeName} ${runtimeVersion}, the plugin 10-nono-nri, profile default\n`);
  const results = [];
  for (const [index, check] of checks.entries()) {
    results.push(await show(check, `demo-${index}`));
  }
  const { time: _, ...record } = await plugin.log.find({ msg: "injected" });
  console.log(`\nThe plugin's log says of the first container:\n  ${JSON.stringify(record)}`);
  const failed = results.filter((held) => !held).length;
  console.log(
    failed === 0 ? "\nAll as it should be." : `\n${failed} of ${results.length} differ from what they should be.`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await node.stop();
  console.log("The node is stopped.");
}

async function show({ shows, command, runtimeHandler = "", holds }: Check, name: string): Promise<boolean> {
  const pod = await node.runPod({ name, runtimeHandler });
  const result = await pod.complete({ name: "demo", image: images.debian, command });
  await pod.remove();
  const held = holds(result);
  console.log(`${held ? "✓" : "✗"} ${shows}`);
  const answer = (result.stdout + result.stderr).replaceAll("\0", " ").trim().split("\n")[0];
  console.log(`    $ ${command.join(" ")}\n    ${answer}`);
  if (!held) {
    console.log(`    exit code ${result.exitCode}; this is not what it should say`);
  }
  return held;
}
