import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot } from "../bare-root/root.ts";

// What a profile leaves out of its own grants.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  root.file("/etc/shadow", "hash\n");
  root.file("/etc/ssl/certs/ca", "ca\n");
  root.file("/etc/ssl/private/key", "key\n");
  root.file("/etc/ssh/ssh_host_rsa_key", "host key\n");
  root.file("/etc/ssh/ssh_config", "config\n");
  const exceptions = ["/etc/shadow", "/etc/shadow-", "/etc/ssl/private", "/etc/ssh/ssh_host_*_key"];
  root.profile("test", manifestOf(["rw /etc"], exceptions));
});

afterAll(() => root.remove());

async function shell(line: string, profile = "test", options: string[] = []): Promise<string> {
  const { stdout, stderr } = await root.run({ profile, options, command: ["sh", "-c", line] });
  return stdout + stderr;
}

test("what lies beside an exception is granted, the exception is not", async () => {
  expect(
    await shell("cat /etc/ssl/certs/ca /etc/ssh/ssh_config; head -c 4 /etc/passwd 2>/dev/null; cat /etc/passwd"),
  ).toContain("ca\nconfig\n");
  for (const path of ["/etc/shadow", "/etc/ssl/private/key", "/etc/ssh/ssh_host_rsa_key"]) {
    expect(await shell(`cat ${path}`), path).toContain("Permission denied");
    expect(await shell(`echo x >${path}`), path).toContain("Permission denied");
    expect(await shell(`rm -f ${path}`), path).toContain("Permission denied");
    expect(await shell(`mv ${path} /etc/ssl/certs/mine`), path).toContain("Permission denied");
    expect(await shell(`ln ${path} /etc/ssl/certs/mine`), path).toMatch(/Permission denied|cross-device/);
  }
});

test("names beside an exception may be listed, and nothing new is made there", async () => {
  expect(await shell("ls /etc/ssl")).toBe("certs\nprivate\n");
  expect(await shell("touch /etc/new")).toContain("Permission denied");
  expect(await shell("touch /etc/ssl/new")).toContain("Permission denied");
  expect(await shell("touch /etc/ssl/certs/new && rm /etc/ssl/certs/new && echo made")).toBe("made\n");
});

test("an exception that matches nothing keeps nothing from being made", async () => {
  root.directory("/free");
  root.profile("free", manifestOf(["rw /free"], ["/free/.ssh", "/free/*/token"]));
  expect(await shell("touch /free/file && ls /free && rm /free/file", "free")).toBe("file\n");
});

test("an exception is closed where its link leads, too", async () => {
  root.file("/data/keys/id", "key\n");
  root.file("/data/other", "other\n");
  root.link("/root/.ssh", "/data/keys");
  root.profile("linked", manifestOf(["r /data", "r /root"], ["/root/.ssh"]));
  expect(await shell("cat /data/other", "linked")).toBe("other\n");
  for (const path of ["/data/keys/id", "/root/.ssh/id"]) {
    expect(await shell(`cat ${path}`, "linked"), path).toContain("Permission denied");
  }
});

test("an exception is closed where a link of its parents leads", async () => {
  root.file("/run/secrets/token", "token\n");
  root.file("/run/lock/file", "lock\n");
  root.link("/var/run", "/run");
  root.profile("run", manifestOf(["r /run", "r /var"], ["/var/run/secrets"]));
  expect(await shell("cat /run/lock/file", "run")).toBe("lock\n");
  expect(await shell("cat /run/secrets/token", "run")).toContain("Permission denied");
  expect(await shell("cat /var/run/secrets/token", "run")).toContain("Permission denied");
});

test("a grant at or inside an exception is none", async () => {
  root.profile("inside", manifestOf(["r /etc/ssl/private/key", "r /etc/ssl/private"], ["/etc/ssl/private"]));
  expect(await shell("cat /etc/ssl/private/key", "inside")).toContain("Permission denied");
});

test("filesystem.deny counts as an exception", async () => {
  const manifest = manifestOf(["r /etc"]);
  root.profile("deny", {
    ...manifest,
    filesystem: { grants: manifest.filesystem?.grants ?? [], deny: [{ path: "/etc/shadow" }] },
  });
  expect(await shell("cat /etc/shadow", "deny")).toContain("Permission denied");
  expect(await shell("cat /etc/ssl/certs/ca", "deny")).toBe("ca\n");
});

test("exceptions apply to volumes, and --except closes a mount inside one", async () => {
  root.file("/volume/.ssh/id", "key\n");
  root.file("/volume/host/file", "host\n");
  root.file("/volume/own", "own\n");
  root.profile("volume", manifestOf([], ["/volume/.ssh"]));
  const options = ["--rw", "/volume", "--except", "/volume/host"];
  expect(await shell("cat /volume/own && echo x >/volume/own", "volume", options)).toBe("own\n");
  expect(await shell("cat /volume/.ssh/id", "volume", options)).toContain("Permission denied");
  expect(await shell("cat /volume/host/file", "volume", options)).toContain("Permission denied");
});

test("mounts inside a granted directory are granted with it, around exceptions", async () => {
  root.file("/srv/site/index", "hidden by the mount\n");
  root.profile("mounts", manifestOf(["rw /srv"], ["/srv/site/private"]));
  const mounts = ["-t tmpfs none ROOT/srv/site"];
  const start = { profile: "mounts", mounts, command: ["sh", "-c", "echo x >/srv/site/new && cat /srv/site/new"] };
  expect((await root.run(start)).stdout).toBe("x\n");
});

test("a user who may not search a directory is granted nothing in it, and starts all the same", async () => {
  root.file("/closed/in/file", "file\n");
  root.directory("/closed", { mode: 0o700 });
  root.profile("closed", manifestOf(["r /closed"], ["/closed/in/secret", "/closed/*/key"]));
  const outcome = await root.run({
    profile: "closed",
    user: 1000,
    command: ["sh", "-c", "cat /closed/in/file; id -u"],
  });
  expect(outcome).toEqual({
    status: 0,
    stdout: "1000\n",
    stderr: "cat: can't open '/closed/in/file': Permission denied\n",
  });
});

test("a directory with more entries than are listed refuses the start", async () => {
  root.file("/big/secret");
  const fill = "cd /big && busybox seq 65536 | busybox xargs touch";
  expect((await root.runPlain({ command: ["sh", "-c", fill] })).status).toBe(0);
  root.profile("big", manifestOf(["r /big"], ["/big/secret"]));
  const { status, stderr } = await root.run({ profile: "big", command: ["true"] });
  expect(status).toBe(125);
  expect(stderr).toMatch(/^nono: TOO_MANY_ENTRIES: \/big has too many entries: .*65536.*; .*\n$/);
  root.profile("big", manifestOf(["r /big"], []));
  expect((await root.run({ profile: "big", command: ["true"] })).status).toBe(0);
});
