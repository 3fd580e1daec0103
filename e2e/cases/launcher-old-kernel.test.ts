import { beforeAll, describe, expect, test } from "vitest";
import { buildLauncher, buildTrial } from "../bare-root/binaries.ts";
import { type Manifest, manifestOf } from "../bare-root/manifest.ts";
import { linux61 } from "../kernel/debian-kernel.ts";
import { type Answer, boot, type VirtualMachine } from "../kernel/virtual-machine.ts";

// The launcher on a real Linux 6.1, whose Landlock has ABI 2: no right for truncation, TCP, ioctl or scopes.

const kernel = process.arch === "x64" ? await linux61() : undefined;
const notRun = kernel === undefined ? "not run: no Linux 6.1 in this machine's package sources" : undefined;

let files: VirtualMachine["files"];

function profile(manifest: Manifest): { text: string } {
  return { text: JSON.stringify({ version: "0.1.0", ...manifest }) };
}

beforeAll(async () => {
  files = {
    "/nono/nono": { from: await buildLauncher("x86_64-unknown-linux-musl") },
    "/nono/profiles/read.json": profile(manifestOf(["r /data"])),
    "/nono/profiles/write.json": profile(manifestOf(["rw /data"])),
    "/nono/profiles/tcp.json": profile({ ...manifestOf(["r /data"]), network: { mode: "blocked" } }),
    "/bin/trial": { from: await buildTrial() },
    "/data/file": { text: "content" },
    "/data/control": { text: "content" },
    "/secret": { text: "secret" },
  };
});

describe.skipIf(notRun !== undefined)(`Linux 6.1${notRun === undefined ? "" : ` (${notRun})`}`, () => {
  let answers: Map<string, Answer>;

  beforeAll(async () => {
    const script = `
      read="/nono/nono wrap --profile read --"
      write="/nono/nono wrap --profile write --"
      answer probe /nono/nono --probe
      answer control trial truncating-open /data/control
      answer control-after cat /data/control
      answer read $read cat /data/file
      answer secret $read cat /secret
      answer truncating-open $read trial truncating-open /data/file
      answer truncate $read trial truncate /data/file
      answer child $read sh -c 'trial truncating-open /data/file'
      answer openat2 $read trial openat2 /data/file
      answer after cat /data/file
      answer write $write sh -c 'echo changed >/data/file && cat /data/file'
      answer write-truncate $write trial truncate /data/file
      answer scope /nono/nono wrap --profile read --scope-signals -- cat /data/file
      answer tcp /nono/nono wrap --profile tcp -- true
    `;
    answers = await boot({ kernel: kernel ?? "", files, script });
  });

  test("the probe says ABI 2 and sees a denied open", () => {
    const probe = answers.get("probe");
    expect(probe?.status).toBe(0);
    expect(JSON.parse(probe?.output ?? "")).toMatchObject({
      landlock: { abi: 2, denied_open: true },
      kernel: expect.stringMatching(/^6\.1\.0-/),
    });
  });

  test("without the launcher, opening for reading with O_TRUNC empties a file", () => {
    expect(answers.get("control")).toEqual({ output: "ok", status: 0 });
    expect(answers.get("control-after")).toEqual({ output: "", status: 0 });
  });

  test("under the launcher a file that may be read cannot be emptied", () => {
    expect(answers.get("read")?.output).toBe("content");
    for (const way of ["truncating-open", "truncate", "child"]) {
      expect(answers.get(way), way).toEqual({ output: "EACCES", status: 0 });
    }
    expect(answers.get("openat2")?.output).toBe("ENOSYS");
    expect(answers.get("after")?.output).toBe("content");
  });

  test("Landlock itself is in force", () => {
    expect(answers.get("secret")?.output).toContain("Permission denied");
  });

  test("a file that may be written is truncated by writing, though not by truncate", () => {
    expect(answers.get("write")?.output).toBe("changed");
    expect(answers.get("write-truncate")?.output).toBe("EACCES");
  });

  test("scopes are dropped, TCP rules refuse the start", () => {
    expect(answers.get("scope")).toEqual({ output: "changed", status: 0 });
    const tcp = answers.get("tcp");
    expect(tcp?.status).toBe(125);
    expect(tcp?.output).toMatch(/^nono: LANDLOCK_TOO_OLD: .*ABI 4.*this kernel has ABI 2; /);
  });

  test("where Landlock is off, nothing starts", async () => {
    const script = `
      answer probe /nono/nono --probe
      answer start /nono/nono wrap --profile read -- echo started
    `;
    const off = await boot({ kernel: kernel ?? "", files, script, parameters: "lsm=capability" });
    expect(off.get("probe")?.status).toBe(1);
    expect(JSON.parse(off.get("probe")?.output ?? "")).toMatchObject({ landlock: { abi: 0, denied_open: false } });
    expect(off.get("start")?.status).toBe(125);
    expect(off.get("start")?.output).toMatch(/^nono: LANDLOCK_UNAVAILABLE: /);
  });
});
