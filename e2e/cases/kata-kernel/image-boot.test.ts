import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildLauncher } from "../../bare-root/binaries.ts";
import { manifestOf } from "../../bare-root/manifest.ts";
import { guestKernel } from "../../kata/guest-kernel.ts";
import { type KataImage, makeKataImage, policyFiles } from "../../kata/image.ts";
import { bootDisk, initScript } from "../../kernel/virtual-machine.ts";
import { run } from "../../stack/command.ts";
import { checkout } from "../../stack/directories.ts";

// An image into which `kubefence kata image inject` put a policy, as the root of a virtual machine.

const policy = "package agent_policy\n\ndefault ExecProcessRequest := false\n";
const rootMegabytes = 32;
const script = `
  answer policy cat /etc/kata-opa/default-policy.rego
  answer old cat /etc/kata-opa/allow-all.rego
  answer root grep ' / ' /proc/mounts
  answer probe /nono/nono --probe
  answer launcher /nono/nono wrap --profile read -- cat /etc/kata-opa/default-policy.rego
`;
const profile = JSON.stringify({ version: "0.1.0", ...manifestOf(["r /bin"]) });

let directory: string;
let vmlinux: string;
let files: KataImage["files"];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-kata-boot-"));
  writeFileSync(join(directory, "policy.rego"), policy);
  ({ vmlinux } = await guestKernel());
  const links = ["sh", "mount", "cat", "grep", "base64", "printf", "reboot"].map(
    (name) => [`/bin/${name}`, { link: "busybox" }] as const,
  );
  files = {
    ...policyFiles,
    "/sbin/init": { text: initScript(script) },
    "/bin/busybox": { from: "/bin/busybox" },
    "/proc/.directory": { text: "" },
    "/dev/.directory": { text: "" },
    "/nono/profiles/read.json": { text: profile },
    ...Object.fromEntries(links),
  };
});
afterAll(() => rmSync(directory, { recursive: true }));

async function inject(image: string, ...more: string[]): Promise<string> {
  const launcher = await buildLauncher("x86_64-unknown-linux-musl");
  const main = join(checkout, "packages/cli/src/main.ts");
  const args = [image, "-o", image, "--policy", join(directory, "policy.rego"), "--nono", launcher, ...more];
  return run(process.execPath, [main, "kata", "image", "inject", ...args]);
}

test("its init reads the policy that was put in, and starts the launcher that was", async () => {
  const disk = join(directory, "plain.image");
  await makeKataImage(disk, { files, rootMegabytes });
  await inject(disk);
  const answers = await bootDisk({ kernel: vmlinux, disk, parameters: "root=/dev/vda1 ro init=/sbin/init" });
  expect(answers.get("policy")).toEqual({ output: policy.trimEnd(), status: 0 });
  expect(answers.get("old")?.output).toContain("AllowRequestsFailingPolicy");
  expect(answers.get("root")?.output).toContain("/dev/root / ext4 ro");
  expect(JSON.parse(answers.get("probe")?.output ?? "")).toMatchObject({ landlock: { denied_open: true } });
  expect(answers.get("launcher")?.output).toContain("Permission denied");
});

/** How Kata has the kernel mount a measured root (`dm-mod.create`). */
function measuredRoot(parameters: string): string {
  const [, hash = "", salt = "", blocks = ""] = /root_hash=(\w+),salt=(\w+),data_blocks=(\d+)/.exec(parameters) ?? [];
  const table = `0 ${Number(blocks) * 8} verity 1 /dev/vda1 /dev/vda2 4096 4096 ${blocks} 0 sha256 ${hash} ${salt}`;
  return `dm-mod.create="dm-verity,,,ro,${table}" root=/dev/dm-0 ro init=/sbin/init`;
}

test("a measured image boots with its new parameters, and with the old ones does not", async () => {
  const disk = join(directory, "measured.image");
  const old = await makeKataImage(disk, { files, rootMegabytes, measured: true });
  const printed = await inject(disk, "--kernel-verity-params", old ?? "");
  const renewed = /^kernel_verity_params = "(.*)"$/m.exec(printed)?.[1] ?? "";
  const answers = await bootDisk({ kernel: vmlinux, disk, parameters: measuredRoot(renewed) });
  expect(answers.get("policy")).toEqual({ output: policy.trimEnd(), status: 0 });
  expect(answers.get("root")?.output).toMatch(/ \/ ext4 ro/);
  const stale = bootDisk({ kernel: vmlinux, disk, parameters: measuredRoot(old ?? "") });
  await expect(stale).rejects.toThrow(/Unable to mount root fs|verity/);
});
