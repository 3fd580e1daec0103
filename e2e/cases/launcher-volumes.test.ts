import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot, type Start } from "../bare-root/root.ts";

// The pod's volumes, which the command line names, and the links of an image that would bend grants.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  for (const volume of ["/data", "/config"]) {
    root.file(`${volume}/file`, `${volume}\n`, { mode: 0o666 });
  }
  root.file("/secret/file", "secret\n", { mode: 0o666 });
  root.profile("test", manifestOf([]));
});

afterAll(() => root.remove());

/** `rw`, `r` or nothing: how `path` may be used. The program must have started. */
async function access(path: string, start: Partial<Start>): Promise<string> {
  const line = `echo started; cat ${path} >/dev/null && echo r; echo x >>${path} && echo w`;
  const { stdout, stderr } = await root.run({ ...start, command: ["sh", "-c", line] });
  expect(stdout, stderr).toMatch(/^started\n/);
  return stdout.replace("started", "").replaceAll("\n", "");
}

test("--rw is read and written, --ro is read, nothing else is opened", async () => {
  const options = ["--rw", "/data", "--ro", "/config", "--ro", "/none"];
  expect(await access("/data/file", { options })).toBe("rw");
  expect(await access("/config/file", { options })).toBe("r");
  expect(await access("/secret/file", { options })).toBe("");
  expect(await access("/data/file", {})).toBe("");
});

test("a volume that is a single file", async () => {
  root.file("/settings", "settings\n", { mode: 0o666 });
  expect(await access("/settings", { options: ["--ro", "/settings"] })).toBe("r");
});

test("a volume whose mount point the image made a link is granted where it was mounted", async () => {
  root.directory("/run/app");
  root.link("/var/run", "/run");
  const script = "ROOT/run/app";
  const mounts = [`-t tmpfs none ${script}`, `--bind ROOT/data ${script}`];
  expect(await access("/run/app/file", { mounts, options: ["--rw", "/var/run/app"] })).toBe("rw");
});

test("a volume whose mount point has become a link to elsewhere is not granted", async () => {
  root.link("/moved", "/secret");
  root.link("/everything", "/");
  expect(await access("/secret/file", { options: ["--rw", "/moved"] })).toBe("");
  expect(await access("/secret/file", { options: ["--rw", "/everything"] })).toBe("");
  root.link("/to-proc", "/proc");
  expect(await access("/proc/sys/kernel/hostname", { options: ["--rw", "/to-proc"] })).toBe("r");
});

test("a link of the image bends a profile's grant neither to /, nor onto a mount, nor to writing system directories", async () => {
  root.link("/app", "/");
  root.link("/srv", "/volume");
  root.link("/spool", "/etc");
  root.link("/cache", "/data");
  root.directory("/volume");
  root.profile("bent", manifestOf(["r /app", "r /srv", "rw /spool", "rw /cache"]));
  const mounts = ["--bind ROOT/secret ROOT/volume"];
  const start: Partial<Start> = { profile: "bent", mounts };
  expect(await access("/secret/file", start)).toBe("");
  expect(await access("/volume/file", start)).toBe("");
  expect(await access("/etc/passwd", start)).toBe("r");
  expect(await access("/data/file", start)).toBe("rw");
});
