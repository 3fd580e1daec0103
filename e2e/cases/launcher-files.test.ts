import { afterAll, beforeAll, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot } from "../bare-root/root.ts";

// What grants allow and what they leave closed, on the launcher alone. Everything runs as root, so the file
// modes refuse nothing.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  root.file("/app/data", "data\n");
  root.file("/app/sub/deep", "deep\n");
  root.file("/secret", "secret\n");
  root.file("/work/file", "work\n");
  root.file("/inbox/old", "old\n");
  root.profile("test", manifestOf(["r /app", "rw /work", "w /inbox", "r /none"]));
});

afterAll(() => root.remove());

/** What a shell line printed, and its errors. */
async function shell(line: string, profile = "test"): Promise<string> {
  const { stdout, stderr } = await root.run({ profile, command: ["sh", "-c", line] });
  return stdout + stderr;
}

async function trial(...command: string[]): Promise<string> {
  return (await root.run({ command: ["trial", ...command] })).stdout.trim();
}

test("a read grant reads, lists and executes, and writes nothing", async () => {
  expect(await shell("cat /app/data /app/sub/deep; ls /app")).toBe("data\ndeep\ndata\nsub\n");
  for (const line of ["echo x >/app/data", "touch /app/new", "rm /app/data", "mkdir /app/d", "mv /app/data /app/x"]) {
    expect(await shell(line), line).toContain("Permission denied");
  }
  expect(await trial("truncating-open", "/app/data")).toBe("EACCES");
  expect(await trial("truncate", "/app/data")).toBe("EACCES");
  expect(await shell("cat /app/data")).toBe("data\n");
});

test("what is not granted cannot be read, listed, written or executed", async () => {
  root.file("/other/program", "#!/bin/sh\necho ran\n", { mode: 0o755 });
  for (const line of ["cat /secret", "ls /", "echo x >/new", "/other/program", "ls /other"]) {
    expect(await shell(line), line).toContain("Permission denied");
  }
});

test("a readwrite grant changes files and directories", async () => {
  const lines = ["cat /work/file", "echo x >>/work/file", "mkdir /work/d", "mv /work/d /work/e", "ln -s a /work/l"];
  expect(
    await shell(`${lines.join(" && ")} && touch /work/e/f && mv /work/e/f /work/f && rm /work/f && echo done`),
  ).toBe("work\ndone\n");
});

test("devices are never made, not even by root where writing is granted", async () => {
  expect(await shell("mknod /work/block b 7 0")).toContain("Permission denied");
  expect(await shell("mknod /work/char c 1 3")).toContain("Permission denied");
  expect(await shell("mknod /work/fifo p && echo made")).toBe("made\n");
});

test("a write grant writes and does not read", async () => {
  expect(await shell("echo new >/inbox/new && echo written")).toBe("written\n");
  for (const line of ["cat /inbox/old", "ls /inbox"]) {
    expect(await shell(line), line).toContain("Permission denied");
  }
});

test("a grant on a file is for that file", async () => {
  root.file("/single/one", "one\n");
  root.file("/single/two", "two\n");
  root.profile("single", manifestOf(["rw /single/one"]));
  expect(await shell("cat /single/one && echo 1 >/single/one && cat /single/one", "single")).toBe("one\n1\n");
  expect(await shell("cat /single/two", "single")).toContain("Permission denied");
  expect(await shell("ls /single", "single")).toContain("Permission denied");
});

test("links and .. do not lead out", async () => {
  root.link("/work/out", "/secret");
  for (const path of ["/work/out", "/work/../secret", "/proc/self/root/secret"]) {
    expect(await shell(`cat ${path}`), path).toContain("Permission denied");
  }
  expect(await shell("ln /secret /work/hard")).toMatch(/Permission denied|Invalid cross-device link/);
});

test("children and their children are confined, and cannot get out by a new namespace or root", async () => {
  expect(await shell("sh -c 'sh -c \"cat /secret\"'")).toContain("Permission denied");
  expect(await shell("(cat /secret) & wait")).toContain("Permission denied");
  const lines = ["busybox chroot /work /file", "busybox mount -t tmpfs none /work", "busybox unshare -m true"];
  expect(await shell(`${lines.join("; ")}; cat /secret`)).toContain("can't open '/secret': Permission denied");
});

test("no_new_privs is set, and nothing is printed when all is well", async () => {
  expect(await root.run({ command: ["trial", "state"] })).toEqual({
    status: 0,
    stdout: "descriptors=0,1,2 no_new_privs=1\n",
    stderr: "",
  });
});

test("files of every kind in a granted directory do no harm", async () => {
  root.file("/zoo/file", "file\n");
  root.file("/zoo/closed", "closed\n");
  root.link("/zoo/loop", "loop");
  root.link("/zoo/dangling", "nowhere");
  root.link("/zoo/up", "..");
  const made = await root.runPlain({
    command: ["sh", "-c", "mknod /zoo/fifo p; mknod /zoo/null c 1 3; mknod /zoo/disk b 7 99"],
  });
  expect(made).toEqual({ status: 0, stdout: "", stderr: "" });
  // An exception in it has the launcher open each entry.
  root.profile("zoo", manifestOf(["rw /zoo"], ["/zoo/closed"]));
  expect(await shell("cat /zoo/file; ls /zoo", "zoo")).toBe(
    "file\nclosed\ndangling\ndisk\nfifo\nfile\nloop\nnull\nup\n",
  );
});

test("a grant of / gives everything in it, but not its own listing and not /nono", async () => {
  root.profile("all", manifestOf(["rw /"]));
  expect(await shell("cat /secret; echo x >/work/all && cat /work/all", "all")).toBe("secret\nx\n");
  for (const line of ["ls /", "ls /nono", "cat /nono/profiles/all.json", "touch /new", "ls /nono/profiles"]) {
    expect(await shell(line, "all"), line).toContain("Permission denied");
  }
  expect(await shell("/nono/nono --version", "all")).toMatch(/^nono \d+\.\d+\.\d+ \(Kubefence launcher\)\n$/);
});

test("the launcher can be executed under every profile", async () => {
  root.profile("nothing", manifestOf([]));
  expect(await shell("/nono/nono --version", "nothing")).toMatch(/^nono /);
  expect(await shell("ls /nono", "nothing")).toContain("Permission denied");
});
