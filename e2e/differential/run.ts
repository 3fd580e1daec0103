import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ManifestCase, manifestText } from "./manifests.ts";
import { operations } from "./operations.ts";
import { outsideSockets } from "./world.ts";

/** How the prober is started in the world: without a sandbox, by our launcher, or by upstream's program. */
export type Enforcer = "nothing" | "ours" | "nono";

/** What came of one run: each operation with `ok` or the name of an errno, or why the prober was not started. */
export type RunResult = { answers: Map<string, string> } | { refusal: string };

/** Where a world was laid out, and the program of upstream, if there is one. */
export interface World {
  template: string;
  upstream?: string;
}

// Everything is done on a copy in memory, in namespaces of its own, and is gone with its last process.
const enterWorld = `
set -eu
template=$1 upstream=$2; shift 2
root=$template.root
mount --make-rprivate /
ip link set lo up
mount -t tmpfs -o mode=0755 tmpfs "$root"
cp -a "$template/." "$root"
mount -t proc proc "$root/proc"
[ -z "$upstream" ] || mount --bind "$upstream" "$root/upstream/nono"
exec chroot "$root" /outside/outside "$@"
`;

/** Runs the prober once. Throws when anything but the launcher fails. */
export async function tryOperations(world: World, enforcer: Enforcer, manifest: ManifestCase): Promise<RunResult> {
  mkdirSync(`${world.template}.root`, { recursive: true });
  writeFileSync(join(world.template, "nono/profiles/differential.json"), manifestText(manifest));
  const options = manifest.options ?? ["--scope-signals"];
  const launch: Record<Enforcer, string[]> = {
    nothing: [],
    ours: ["/nono/nono", "wrap", "--profile", "differential", ...options, "--"],
    nono: ["/upstream/nono", "wrap", "--silent", "--config", "/nono/profiles/differential.json", "--"],
  };
  const { stdout, stderr, exitCode } = await execute(
    [world.template, world.upstream ?? "", ...outsideSockets, "--", ...launch[enforcer], "/programs/prober"],
    `${operations.join("\n")}\n`,
  );
  const answers = new Map(
    stdout
      .split("\n")
      .slice(0, -1)
      .map((line): [string, string] => {
        const separator = line.lastIndexOf(" = ");
        return [line.slice(0, separator), line.slice(separator + 3)];
      }),
  );
  if (exitCode === 0 && answers.size === operations.length) {
    return { answers };
  }
  if (enforcer === "nothing" || answers.size > 0) {
    throw new Error(`${manifest.name} under ${enforcer}: exit ${exitCode}, ${answers.size} answers: ${stderr}`);
  }
  return { refusal: `exit ${exitCode}: ${stderr.trim()}` };
}

function execute(args: string[], input: string): Promise<{ stdout: string; stderr: string; exitCode: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      "unshare",
      ["--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "sh", "-c", enterWorld, "world", ...args],
      { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/upstream/home" }, stdio: "pipe" },
    );
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.stdin.on("error", () => {}); // a launcher that refuses reads nothing
    child.on("error", reject).on("close", (exitCode) => resolve({ stdout, stderr, exitCode }));
    child.stdin.end(input);
  });
}
