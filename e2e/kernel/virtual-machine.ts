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

/** A machine that boots a kernel with the root of a disk, whose /sbin/init is an `initScript`. */
export interface DiskMachine {
  /** Path of the kernel image. */
  kernel: string;
  /** Path of a raw disk, which the machine sees as /dev/vda and cannot write. */
  disk: string;
  /** The kernel's command line: at least where the root is. */
  parameters: string;
}

const prelude = `#!/bin/busybox sh
# A root that cannot be written has them already.
[ -e /bin/mount ] || /bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
[ -e /dev/null ] || mount -t devtmpfs none /dev
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

/** The first process that runs a script and ends the machine. */
export function initScript(script: string): string {
  return `${prelude}${script}\necho script done\nreboot -f\n`;
}

/**
 * Boots it and answers what its script recorded, by name. Throws when it does not end within two minutes or
 * the script did not reach its end. Emulated (TCG): it works without /dev/kvm, and a boot takes seconds.
 */
export async function boot(machine: VirtualMachine): Promise<Map<string, Answer>> {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-machine-"));
  try {
    const initramfs = await buildInitramfs(directory, machine);
    return readAnswers(await runEmulator(machine.kernel, machine.parameters ?? "", ["-initrd", initramfs]));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The same with the root of a disk. */
export async function bootDisk({ kernel, disk, parameters }: DiskMachine): Promise<Map<string, Answer>> {
  const drive = `if=none,id=root,format=raw,readonly=on,file=${disk}`;
  const devices = ["-drive", drive, "-device", "virtio-blk-pci,drive=root"];
  return readAnswers(await runEmulator(kernel, parameters, devices));
}

function readAnswers(console: string): Map<string, Answer> {
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
}

async function buildInitramfs(directory: string, machine: VirtualMachine): Promise<string> {
  const root = join(directory, "root");
  const files: VirtualMachine["files"] = {
    "/bin/busybox": { from: "/bin/busybox" },
    "/init": { text: initScript(machine.script) },
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

async function runEmulator(kernel: string, parameters: string, more: readonly string[]): Promise<string> {
  // Emulation unless somebody asks: /dev/kvm may be there and still not start a PC.
  const accelerator = process.env["KUBEFENCE_QEMU_ACCELERATOR"] || "tcg";
  const cpu = accelerator === "tcg" ? "qemu64" : "host";
  const hardware = ["-accel", accelerator, "-cpu", cpu, "-m", "256", "-nographic", "-no-reboot", "-nic", "none"];
  const software = ["-kernel", kernel, ...more, "-append", `console=ttyS0 quiet panic=-1 ${parameters}`];
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
