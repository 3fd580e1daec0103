import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { run } from "../stack/command.ts";

/** A machine that boots a kernel, runs one shell script as its first process, and is gone. */
export interface VirtualMachine {
  /** Path of the kernel image. */
  kernel: string;
  /** More words for the kernel's command line. */
  parameters?: string;
  /** Files of its root by path: a host path to copy from, or a text. */
  files: Record<string, { from: string } | { text: string }>;
  /** Shell lines. Each `answer NAME COMMAND…` records what the command printed and its exit status. */
  script: string;
}

/** What one `answer` line of the script recorded. */
export interface Answer {
  output: string;
  status: number;
}

const prelude = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs none /dev
# A complaint of the kernel, such as about a busy host, would stand in the middle of an answer.
echo 1 >/proc/sys/kernel/printk
# The firmware leaves its last line open.
echo
answer() {
  name=$1; shift
  output=$("$@" 2>&1); status=$?
  echo "answer $name $status $(printf %s "$output" | base64 -w 0)"
}
`;

/**
 * Boots it and answers what its script recorded, by name. Throws when it does not end within two minutes or
 * the script did not reach its end. Emulated (TCG): it works without /dev/kvm, and a boot takes seconds.
 */
export async function boot(machine: VirtualMachine): Promise<Map<string, Answer>> {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-machine-"));
  try {
    const initramfs = await buildInitramfs(directory, machine);
    const console = await runEmulator(machine, initramfs);
    if (!console.includes("\nscript done")) {
      throw new Error(`the machine did not finish its script:\n${console}`);
    }
    const lines = console.matchAll(/^answer (\S+) (\d+) ?(\S*)\s*$/gm);
    return new Map(
      Array.from(lines, ([, name = "", status, output = ""]) => [
        name,
        { output: Buffer.from(output, "base64").toString(), status: Number(status) },
      ]),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function buildInitramfs(directory: string, machine: VirtualMachine): Promise<string> {
  const root = join(directory, "root");
  const files: VirtualMachine["files"] = {
    "/bin/busybox": { from: "/bin/busybox" },
    "/init": { text: `${prelude}${machine.script}\necho script done\nreboot -f\n` },
    ...machine.files,
  };
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(dirname(target), { recursive: true });
    if ("from" in content) {
      copyFileSync(content.from, target);
    } else {
      writeFileSync(target, content.text);
    }
    chmodSync(target, 0o755);
  }
  for (const mountPoint of ["proc", "dev"]) {
    mkdirSync(join(root, mountPoint), { recursive: true });
  }
  const initramfs = join(directory, "initramfs");
  await run("sh", ["-euc", 'cd "$1" && find . | cpio --quiet -o -H newc >"$2"', "sh", root, initramfs]);
  return initramfs;
}

async function runEmulator(machine: VirtualMachine, initramfs: string): Promise<string> {
  const parameters = `console=ttyS0 quiet panic=-1 ${machine.parameters ?? ""}`;
  const hardware = ["-accel", "tcg", "-cpu", "qemu64", "-m", "256", "-nographic", "-no-reboot", "-nic", "none"];
  const software = ["-kernel", machine.kernel, "-initrd", initramfs, "-append", parameters];
  const emulator = spawn("qemu-system-x86_64", [...hardware, ...software], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  const ended = new Promise<void>((resolve, reject) => {
    emulator.once("error", reject);
    emulator.once("close", () => resolve());
  });
  const [console] = await Promise.all([text(emulator.stdout), ended]);
  return console.replaceAll("\r", "");
}
