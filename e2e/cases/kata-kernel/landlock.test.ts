import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { readKernelConfig } from "../../../packages/cli/src/kata/kernel.ts";
import { buildLauncher } from "../../bare-root/binaries.ts";
import { manifestOf } from "../../bare-root/manifest.ts";
import { type GuestKernel, guestKernel } from "../../kata/guest-kernel.ts";
import { type Answer, boot, type VirtualMachine } from "../../kernel/virtual-machine.ts";
import { run } from "../../stack/command.ts";
import { cache, checkout } from "../../stack/directories.ts";

// A kernel built with kata/kernel's fragment and script, booted in QEMU, with the launcher in its initramfs.

const checkOptions = join(checkout, "kata/kernel/check-options.sh");
const fragment = join(checkout, "kata/kernel/landlock.conf");

let kernel: GuestKernel;
let files: VirtualMachine["files"];

beforeAll(async () => {
  kernel = await guestKernel();
  files = {
    "/nono/nono": { from: await buildLauncher("x86_64-unknown-linux-musl") },
    "/nono/profiles/read.json": { text: JSON.stringify({ version: "0.1.0", ...manifestOf(["r /data", "r /proc"]) }) },
    "/nono/seccomp/restricted.bpf": { from: join(cache, "bin/seccomp/restricted.bpf") },
    "/bin/seccomp-actor": { from: join(cache, "bin/seccomp-probe") },
    "/data/file": { text: "content" },
  };
});

describe("the configuration", () => {
  test("has every option of the fragment, and landlock first", async () => {
    expect(await run(checkOptions, [kernel.config, fragment])).toBe("");
    expect(readKernelConfig(readFileSync(kernel.config, "utf8"))).toEqual({
      landlock: true,
      first: true,
      audit: true,
      seccompFilter: true,
    });
  });

  test("of a kernel in which Kconfig dropped Landlock is told apart", async () => {
    await expect(run(checkOptions, [kernel.configLost, fragment])).rejects.toThrow("check-options.sh");
    expect(readKernelConfig(readFileSync(kernel.configLost, "utf8"))?.landlock).toBe(false);
  });
});

describe("the kernel", () => {
  let answers: Map<string, Answer>;

  beforeAll(async () => {
    const script = `
      mkdir -p /sys && mount -t sysfs none /sys && mount -t securityfs none /sys/kernel/security
      read="/nono/nono wrap --profile read --"
      restricted="/nono/nono wrap --profile read --seccomp restricted --"
      answer release uname -r
      answer lsm cat /sys/kernel/security/lsm
      answer probe /nono/nono --probe
      answer read $read cat /data/file
      answer write $read sh -c 'echo changed >/data/file'
      answer child $read sh -c 'sh -c "echo changed >/data/new"'
      answer after cat /data/file
      answer control sh -c 'echo changed >/data/new && cat /data/new'
      answer audit sh -c 'test -e /proc/self/loginuid && dmesg | grep -m 1 "audit: initializing"'
      answer unfiltered $read grep Seccomp: /proc/self/status
      answer filtered $restricted grep Seccomp: /proc/self/status
      answer actor-unfiltered seccomp-actor
      answer actor-filtered $restricted seccomp-actor
    `;
    answers = await boot({ kernel: kernel.vmlinux, files, script, parameters: "audit=1" });
    const printed = (name: string): string => answers.get(name)?.output.trim() ?? "";
    console.log(`Linux ${printed("release")}; ${printed("lsm")}; ${printed("probe")}; write: ${printed("write")}`);
  });

  const outputOf = (name: string): string => stripVTControlCharacters(answers.get(name)?.output ?? "");

  test("has Landlock in force", () => {
    expect(outputOf("lsm").split(",")).toContain("landlock");
    expect(JSON.parse(outputOf("probe"))).toMatchObject({ landlock: { denied_open: true } });
    // Linux 6.1, the oldest source that Debian 12 has, is ABI 2.
    expect(Number(/"abi":(\d+)/.exec(outputOf("probe"))?.[1])).toBeGreaterThanOrEqual(2);
  });

  test("denies a write that the profile does not grant, to children too", () => {
    expect(answers.get("read")).toEqual({ output: "content", status: 0 });
    for (const name of ["write", "child"]) {
      expect(answers.get(name)?.status, name).not.toBe(0);
      expect(outputOf(name), name).toMatch(/Permission denied/);
    }
    expect(outputOf("after")).toBe("content");
    expect(outputOf("control")).toBe("changed");
  });

  test("has the seccomp filter active under the launcher", () => {
    expect(outputOf("unfiltered")).toMatch(/Seccomp:\s+0/);
    expect(outputOf("filtered")).toMatch(/Seccomp:\s+2/);
    const line = /(BLOCKED|ALLOWED) .*unshare/;
    expect(line.exec(outputOf("actor-unfiltered"))?.[1]).toBe("ALLOWED");
    expect(line.exec(outputOf("actor-filtered"))?.[1]).toBe("BLOCKED");
  });

  test("has audit, so that denials can be logged", () => {
    expect(answers.get("audit")?.status).toBe(0);
  });

  test("with Landlock left out on its command line, starts nothing", async () => {
    const script = "answer start /nono/nono wrap --profile read -- echo started";
    const off = await boot({ kernel: kernel.vmlinux, files, script, parameters: "lsm=capability" });
    expect(off.get("start")?.status).toBe(125);
    expect(off.get("start")?.output).toMatch(/^nono: LANDLOCK_UNAVAILABLE: /);
  });
});
