import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Parameters } from "./parameters.ts";
import type { Programs } from "./programs.ts";
import { distribution, type Distribution } from "./statistics.ts";

/** Wall time of one call in milliseconds, runc alone and through nono-runc. */
export interface Compared {
  readonly runc: Distribution;
  readonly nonoRunc: Distribution;
}

export interface RuntimeResult {
  readonly bytes: number;
  readonly create: Compared;
  /** `exec --detach`, as containerd and conmon call it: until the process has started. */
  readonly exec: Compared;
  /** `exec` until the command has ended, the launcher's own start included. */
  readonly execToEnd: Compared;
}

const checkout = path.join(import.meta.dirname, "..");
const annotations = {
  "io.kubernetes.cri.container-type": "container",
  "io.kubernetes.cri.sandbox-id": "sandbox",
  "io.kubernetes.cri.sandbox-namespace": "default",
  "io.kubernetes.cri.sandbox-name": "bench",
  "io.kubernetes.cri.sandbox-uid": "uid",
  "io.kubernetes.cri.container-name": "main",
};

/** Creates containers and sends processes into one, both ways in turn. */
export function measureRuntime(programs: Programs, directory: string, parameters: Parameters): RuntimeResult {
  process.stderr.write(`==> create and exec through nono-runc and runc alone, ${parameters.calls} times each\n`);
  const bench = new RuntimeBench(programs, path.join(directory, "runtime"));
  try {
    bench.startExecTargets();
    return {
      bytes: statSync(programs.nonoRunc).size,
      create: compare(parameters.calls, (runtime) => bench.create(runtime)),
      exec: compare(parameters.calls, (runtime) => bench.exec(runtime, ["--detach"])),
      execToEnd: compare(parameters.calls, (runtime) => bench.exec(runtime, [])),
    };
  } finally {
    bench.remove();
  }
}

type Runtime = "runc" | "nonoRunc";

function compare(calls: number, measure: (runtime: Runtime) => number): Compared {
  const times: Record<Runtime, number[]> = { runc: [], nonoRunc: [] };
  // The first ones warm the caches.
  for (let call = -5; call < calls; call++) {
    for (const runtime of ["runc", "nonoRunc"] as const) {
      const time = measure(runtime);
      if (call >= 0) times[runtime].push(time);
    }
  }
  return { runc: distribution(times.runc), nonoRunc: distribution(times.nonoRunc) };
}

class RuntimeBench {
  readonly #directory: string;
  readonly #program: Readonly<Record<Runtime, string>>;
  #created = 0;

  constructor(programs: Programs, directory: string) {
    this.#directory = directory;
    this.#program = { runc: programs.runc, nonoRunc: path.join(directory, "bin/nono-runc") };
    for (const folder of ["bin", "nono-nri/profiles", "rootfs/bin", "rootfs/proc", "rootfs/nono", "root"]) {
      mkdirSync(path.join(directory, folder), { recursive: true, mode: 0o755 });
    }
    copyFileSync(programs.launcher, path.join(directory, "nono-nri/nono"));
    copyFileSync(programs.nonoRunc, this.#program.nonoRunc);
    copyFileSync("/bin/busybox", path.join(directory, "rootfs/bin/busybox"));
    for (const name of ["true", "sleep"]) symlinkSync("busybox", path.join(directory, "rootfs/bin", name));
    this.#kubefence("profile", "compile", "--builtin", "-o", path.join(directory, "nono-nri/profiles"));
    const settings = path.join(directory, "plugin.toml");
    writeFileSync(
      settings,
      `runtime_classes = ["nono-runc"]\ndefault_profile = "default"\nnono_bin_path = "${directory}/nono-nri/nono"\n`,
    );
    const files = ["--config", settings, "--runtime", programs.runc, "--log", path.join(directory, "log")];
    this.#kubefence("runtime-config", ...files, "--output", `${this.#program.nonoRunc}.json`);
  }

  /** The containers that processes are sent into. */
  startExecTargets(): void {
    for (const runtime of ["runc", "nonoRunc"] as const) {
      const id = `${runtime}-exec`;
      this.#bundle(id);
      this.#call(runtime, "create", "--bundle", this.#bundlePath(id), id);
      this.#call(runtime, "start", id);
    }
  }

  create(runtime: Runtime): number {
    const id = `${runtime}-${this.#created++}`;
    this.#bundle(id);
    const time = this.#call(runtime, "create", "--bundle", this.#bundlePath(id), id);
    this.#call("runc", "delete", "--force", id);
    return time;
  }

  exec(runtime: Runtime, options: readonly string[]): number {
    const file = path.join(this.#directory, "process.json");
    writeFileSync(file, JSON.stringify(this.#process(["true"])), { mode: 0o600 });
    const time = this.#call(runtime, "exec", "--process", file, ...options, `${runtime}-exec`);
    rmSync(file);
    return time;
  }

  remove(): void {
    for (const runtime of ["runc", "nonoRunc"]) this.#call("runc", "delete", "--force", `${runtime}-exec`);
  }

  #process(args: readonly string[]): object {
    const capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL"];
    return {
      user: { uid: 0, gid: 0 },
      args,
      env: ["PATH=/nono:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    };
  }

  /** config.json as the plugin leaves it, for both: what runc alone would start unsandboxed is not the question. */
  #bundle(id: string): void {
    const wrapped = ["/nono/nono", "wrap", "--profile", "default", "--", "sleep", "600"];
    const configuration = {
      ociVersion: "1.3.0",
      process: this.#process(wrapped),
      root: { path: path.join(this.#directory, "rootfs") },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755"] },
        {
          destination: "/nono",
          type: "bind",
          source: path.join(this.#directory, "nono-nri"),
          options: ["bind", "ro", "rprivate"],
        },
      ],
      annotations,
      linux: {
        cgroupsPath: `/kubefence-bench-${id}`,
        namespaces: ["pid", "mount", "ipc", "uts", "network"].map((type) => ({ type })),
      },
    };
    mkdirSync(this.#bundlePath(id), { recursive: true });
    writeFileSync(path.join(this.#bundlePath(id), "config.json"), JSON.stringify(configuration), { mode: 0o644 });
  }

  #bundlePath(id: string): string {
    return path.join(this.#directory, "bundles", id);
  }

  /** One call of a runtime, in milliseconds. Without real-time priority, which no cgroup of a container takes. */
  #call(runtime: Runtime, ...args: readonly string[]): number {
    const log = path.join(this.#directory, "log.json");
    const all = ["--root", path.join(this.#directory, "root"), "--log", log, "--log-format", "json", ...args];
    const started = process.hrtime.bigint();
    const { status } = spawnSync(this.#program[runtime], all, { stdio: "ignore" });
    const ended = process.hrtime.bigint();
    if (status !== 0)
      throw new Error(`${runtime} ${args.join(" ")} ended with ${status}: ${readFileSync(log, "utf8")}`);
    return Number(ended - started) / 1e6;
  }

  #kubefence(...args: readonly string[]): void {
    execFileSync(process.execPath, [path.join(checkout, "packages/cli/src/main.ts"), ...args], { stdio: "ignore" });
  }
}
