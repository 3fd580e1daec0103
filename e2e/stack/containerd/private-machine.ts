import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runningPid, recordPid, stopDaemon } from "../daemon.ts";
import { containerdRelease, type NodeDirectories, runcRelease } from "../directories.ts";
import { cgroupParent } from "../leftovers.ts";

/** Who starts containerd again when it ends: a shell, or a real systemd with containerd's own unit. */
export type Init = "shell" | "systemd";

/** As containerd's own unit has it, https://github.com/containerd/containerd/blob/main/containerd.service. */
const unit = (containerd: string, path: string): string => `[Unit]
DefaultDependencies=no
[Service]
Type=notify
Environment=PATH=${path}
ExecStart=${containerd}
Delegate=yes
KillMode=process
Restart=always
RestartSec=1
StandardOutput=append:/mnt/containerd.log
StandardError=append:/mnt/containerd.log
`;

const startInit: Record<Init, string> = {
  shell: `
      child=
      trap 'trap - TERM; kill -TERM $child; wait $child; exit 0' TERM
      : > /mnt/ready
      while :; do
        "$2" >> /mnt/containerd.log 2>&1 & child=$!
        wait $child || true
        sleep 0.1
      done`,
  // Hierarchies of its own where there is one for each controller: systemd changes what it finds.
  systemd: `
      if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        mount -t cgroup2 cgroup2 /sys/fs/cgroup
      else
        umount -R /sys/fs/cgroup
        mount -t tmpfs -o mode=0755 tmpfs /sys/fs/cgroup
        mkdir /sys/fs/cgroup/systemd
        mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd
      fi
      mkdir -p /run/units
      printf '[Unit]\nRequires=containerd.service\n' > /run/units/default.target
      cp /mnt/containerd.service /run/units/
      : > /mnt/ready
      exec env -i container=other PATH="$PATH" SYSTEMD_UNIT_PATH=/run/units \
        /lib/systemd/systemd --system --unit=default.target --show-status=0 --log-target=null`,
};

/** systemd takes the cgroup that it is started in for the root of all. */
const enterCgroup = `
  for hierarchy in /sys/fs/cgroup/systemd /sys/fs/cgroup; do
    if [ -n "$0" ] && [ -e "$hierarchy/cgroup.procs" ]; then
      mkdir -p "$hierarchy$0/machine"; echo $$ > "$hierarchy$0/machine/cgroup.procs"; break
    fi
  done
  exec "$@"`;

/**
 * A containerd without any option and without a configuration file, which uses the machine's usual paths: in a mount namespace
 * where /etc is a copy and /run, /opt and /var/lib are empty, and process 1 of its own. It is started again when it ends.
 */
export class PrivateMachine {
  readonly #pidFile: string;
  readonly #inside: string;

  private constructor(pidFile: string, inside: string) {
    this.#pidFile = pidFile;
    this.#inside = inside;
  }

  static async start(directories: NodeDirectories, init: Init = "shell"): Promise<PrivateMachine> {
    const inside = join(directories.run, "private");
    const pidFile = join(inside, "supervisor.pid");
    await new PrivateMachine(pidFile, inside).stop();
    rmSync(inside, { recursive: true, force: true });
    mkdirSync(inside, { recursive: true });
    const ready = join(inside, "ready");
    const script = `
      set -e
      cp -a /etc "$1/etc"; rm -rf "$1/etc/containerd" "$1/etc/nri"
      mount --bind "$1" /mnt
      for place in /run /opt /var/lib; do mount -t tmpfs -o mode=0755 tmpfs "$place"; done
      mount --bind /mnt/etc /etc
      ${startInit[init]}`;
    const { binaries } = containerdRelease();
    const path = `${runcRelease().binaries}:${binaries}:/usr/sbin:/usr/bin:/sbin:/bin`;
    writeFileSync(join(inside, "containerd.service"), unit(join(binaries, "containerd"), path));
    const child = spawn(
      "bash",
      [
        "-c",
        enterCgroup,
        init === "systemd" ? cgroupParent(directories) : "",
        "unshare",
        "--cgroup",
        "--uts",
        "--mount",
        "--propagation",
        "private",
        "--pid",
        "--fork",
        "--mount-proc",
        "bash",
        "-c",
        script,
        "machine",
        inside,
        join(binaries, "containerd"),
      ],
      {
        detached: true,
        stdio: "ignore",
        env: { PATH: path },
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
    const namespaces = [`--mount=/proc/${pid}/ns/mnt`, `--pid=/proc/${pid}/ns/pid_for_children`];
    const child = spawn("nsenter", [...namespaces, "--", program, ...args], { stdio: "pipe" });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [exitCode] = await once(child, "close");
    return { exitCode: Number(exitCode), ...output };
  }

  /** Runs a program that sees the machine's root at /var/lib/pod, as in a privileged pod of the host's processes. */
  runInPod(program: string, args: string[]): ReturnType<PrivateMachine["run"]> {
    const script =
      'mkdir -p /var/lib/pod && mount --rbind / /var/lib/pod && umount -R /etc/ && "$@"; code=$?; rmdir /var/lib/pod 2>/dev/null; exit $code';
    return this.run("unshare", ["--mount", "--propagation", "private", "bash", "-c", script, "pod", program, ...args]);
  }

  /** What its containerd wrote so far. */
  log(): string {
    const path = join(this.#inside, "containerd.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Ends it with its containerd; its mounts go with it. */
  async stop(): Promise<void> {
    // unshare waits for its child and lets signals pass by. systemd takes SIGTERM for a wish to be started anew.
    const pid = runningPid(this.#pidFile);
    const children = pid === undefined ? "" : readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    for (const child of children.split(" ").filter((text) => text !== "")) {
      const isSystemd = readFileSync(`/proc/${child}/comm`, "utf8") === "systemd\n";
      process.kill(Number(child), isSystemd ? "SIGKILL" : "SIGTERM");
    }
    for (const end = Date.now() + 10_000; runningPid(this.#pidFile) !== undefined && Date.now() < end;) await delay(50);
    await stopDaemon(this.#pidFile);
    rmSync(this.#inside, { recursive: true, force: true });
  }
}
