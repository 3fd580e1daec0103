import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runningPid, recordPid, stopDaemon } from "../daemon.ts";
import { containerdRelease, type NodeDirectories, runcRelease } from "../directories.ts";

/**
 * A containerd without any option and without a configuration file, which uses the machine's usual paths: in a mount namespace
 * where /etc is a copy and /run, /opt and /var/lib are empty. It is started again when it ends.
 */
export class PrivateMachine {
  readonly #pidFile: string;
  readonly #inside: string;

  private constructor(pidFile: string, inside: string) {
    this.#pidFile = pidFile;
    this.#inside = inside;
  }

  static async start(directories: NodeDirectories): Promise<PrivateMachine> {
    const inside = join(directories.run, "private");
    const pidFile = join(inside, "supervisor.pid");
    await stopDaemon(pidFile, "SIGTERM");
    rmSync(inside, { recursive: true, force: true });
    mkdirSync(inside, { recursive: true });
    const ready = join(inside, "ready");
    const script = `
      set -e
      cp -a /etc "$1/etc"; rm -rf "$1/etc/containerd" "$1/etc/nri"
      mount --bind "$1" /mnt
      for place in /run /opt /var/lib; do mount -t tmpfs -o mode=0755 tmpfs "$place"; done
      mount --bind /mnt/etc /etc
      child=
      trap 'trap - TERM; kill -TERM $child; wait $child; exit 0' TERM
      : > /mnt/ready
      while :; do
        "$2" >> /mnt/containerd.log 2>&1 & child=$!
        wait $child || true
        sleep 0.1
      done`;
    const { binaries } = containerdRelease();
    const child = spawn(
      "unshare",
      ["--mount", "--propagation", "private", "bash", "-c", script, "machine", inside, join(binaries, "containerd")],
      {
        detached: true,
        stdio: "ignore",
        env: { PATH: `${runcRelease().binaries}:${binaries}:/usr/sbin:/usr/bin:/sbin:/bin` },
      },
    );
    child.unref();
    if (child.pid === undefined) throw new Error("cannot start unshare");
    recordPid(pidFile, child.pid);
    const machine = new PrivateMachine(pidFile, inside);
    for (const end = Date.now() + 30_000; !existsSync(ready); await delay(50)) {
      if (Date.now() > end || runningPid(pidFile) === undefined) throw new Error("the private machine did not start");
    }
    for (const end = Date.now() + 30_000; !machine.log().includes("containerd successfully booted"); await delay(50)) {
      if (Date.now() > end) throw new Error(`containerd did not start: ${machine.log()}`);
    }
    return machine;
  }

  /** Shows files and folders there, as /mnt/files/NAME. */
  copy(sources: Record<string, string>): void {
    for (const [name, path] of Object.entries(sources)) {
      cpSync(path, join(this.#inside, "files", name), { recursive: true });
    }
  }

  /** Runs a program on it. */
  async run(program: string, args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const pid = runningPid(this.#pidFile);
    const child = spawn("nsenter", [`--mount=/proc/${pid}/ns/mnt`, "--", program, ...args], { stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [exitCode] = await once(child, "close");
    return { exitCode: Number(exitCode), ...output };
  }

  /** What its containerd wrote so far. */
  log(): string {
    const path = join(this.#inside, "containerd.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Ends it with its containerd; its mounts go with it. */
  async stop(): Promise<void> {
    await stopDaemon(this.#pidFile);
    rmSync(this.#inside, { recursive: true, force: true });
  }
}
