import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot, type Start } from "../bare-root/root.ts";

// $WORKDIR, $HOME and $UID: chosen by the pod and the image, so they must not open what the profile does not.

let root: BareRoot;

beforeAll(async () => {
  root = await BareRoot.create();
  for (const file of [
    "/etc/conf",
    "/usr/src/app/main",
    "/usr/share/doc",
    "/srv/app/main",
    "/root/file",
    "/other/file",
  ]) {
    root.file(file, `${file}\n`, { mode: 0o666 });
  }
  root.file("/home/app/file", "home\n", { owner: 1000 });
  root.file("/home/app/.ssh/id", "key\n", { owner: 1000 });
  root.profile("test", manifestOf(["rw $WORKDIR", "rw $HOME", "rw /run/user/$UID"], ["$HOME/.ssh", "/home/*/.ssh"]));
});

afterAll(() => root.remove());

/** True when `path` can be written in this start, false when the program started and could not. */
async function writable(path: string, start: Partial<Start>): Promise<boolean> {
  const line = `echo started; [ -e ${path} ] && echo x >>${path} && echo written`;
  const { stdout, stderr } = await root.run({ ...start, command: ["sh", "-c", line] });
  expect(stdout, stderr).toMatch(/^started\n/);
  return stdout.endsWith("written\n");
}

/** The passwd line that gives uid 1000 this home. */
function withHome(home: string): void {
  root.file("/etc/passwd", `root:x:0:0::/root:/bin/sh\napp:x:1000:1000::${home}:/bin/sh\n`);
}

describe("$WORKDIR", () => {
  test("is granted where it is an ordinary directory", async () => {
    expect(await writable("/srv/app/main", { workingDirectory: "/srv/app" })).toBe(true);
    expect(await writable("/usr/src/app/main", { workingDirectory: "/usr/src/app" })).toBe(true);
    expect(await writable("/srv/app/main", { workingDirectory: "/other" })).toBe(false);
  });

  test.for([
    ["/", "/other/file"],
    ["/etc", "/etc/conf"],
    ["/usr", "/usr/share/doc"],
    ["/usr/src", "/usr/src/app/main"],
    ["/usr/share", "/usr/share/doc"],
    ["/bin", "/bin/busybox"],
    ["/nono", "/nono/nono"],
    ["/nono/profiles", "/nono/profiles/test.json"],
    ["/proc", "/proc/self/comm"],
    ["/proc/1", "/proc/self/comm"],
    ["/proc/sys/kernel", "/proc/sys/kernel/hostname"],
  ] as const)("at %s opens nothing", async ([workingDirectory, file]) => {
    expect(await writable(file, { workingDirectory })).toBe(false);
  });

  test("is judged by where a link really leads", async () => {
    root.link("/work-is-etc", "/etc");
    root.link("/work-is-root", "/");
    expect(await writable("/etc/conf", { workingDirectory: "/work-is-etc" })).toBe(false);
    expect(await writable("/other/file", { workingDirectory: "/work-is-root" })).toBe(false);
  });

  test("outside the root opens nothing, as when a descriptor of the runtime leaked (CVE-2024-21626)", async () => {
    root.directory("/inner");
    const { stdout, stderr } = await root.run({
      mounts: ["--rbind ROOT ROOT/inner"],
      workingDirectory: "/other",
      around: ["/bin/trial", "leaked-directory", "/inner", "--"],
      command: ["sh", "-c", "echo started; cat file"],
    });
    expect({ stdout, stderr }).toEqual({ stdout: "started\n", stderr: "cat: can't open 'file': Permission denied\n" });
  });
});

describe("$HOME", () => {
  test("is the passwd home, entry by entry around what is closed in it", async () => {
    withHome("/home/app");
    expect(await writable("/home/app/file", { user: 1000 })).toBe(true);
    expect(await writable("/home/app/.ssh/id", { user: 1000 })).toBe(false);
    expect(await writable("/home/app/file", {})).toBe(false);
  });

  test("without something to close it is granted as a whole", async () => {
    root.directory("/home/clean", { owner: 1000 });
    withHome("/home/clean");
    const { stdout } = await root.run({ user: 1000, command: ["sh", "-c", "touch /home/clean/new && ls /home/clean"] });
    expect(stdout).toBe("new\n");
  });

  test.for([
    ["/", "/other/file"],
    ["/etc", "/etc/conf"],
    ["/usr/src", "/usr/src/app/main"],
    ["/root", "/root/file"],
    ["/home", "/home/app/file"],
    ["/home/../etc", "/etc/conf"],
    ["//etc/.", "/etc/conf"],
    ["/proc/self/root", "/other/file"],
    ["relative", "/other/file"],
    ["", "/other/file"],
  ] as const)("in passwd as %s opens nothing", async ([home, file]) => {
    withHome(home);
    expect(await writable(file, { user: 1000 })).toBe(false);
  });

  test("behind a link is judged by where it is", async () => {
    root.link("/home/up", "/");
    root.link("/home/conf", "../etc");
    root.link("/home/fine", "/srv/app");
    withHome("/home/up");
    expect(await writable("/other/file", { user: 1000 })).toBe(false);
    withHome("/home/conf");
    expect(await writable("/etc/conf", { user: 1000 })).toBe(false);
    withHome("/home/fine");
    expect(await writable("/srv/app/main", { user: 1000 })).toBe(true);
  });

  test("/root is a home for root only", async () => {
    withHome("/root");
    expect(await writable("/root/file", { user: 1000 })).toBe(false);
    expect(await writable("/root/file", {})).toBe(true);
    expect(await writable("/root/file", { user: 1000, workingDirectory: "/root" })).toBe(false);
  });

  test("where /home is a link, it stays forbidden where it really is", async () => {
    root.file("/data/home/bob/file", "bob\n", { mode: 0o666 });
    await root.runPlain({ command: ["sh", "-c", "mv /home /home-before && ln -s /data/home /home"] });
    withHome("/data/home");
    expect(await writable("/data/home/bob/file", { user: 1000 })).toBe(false);
    withHome("/data/home/bob");
    expect(await writable("/data/home/bob/file", { user: 1000 })).toBe(true);
    await root.runPlain({ command: ["sh", "-c", "rm /home && mv /home-before /home"] });
  });

  test.for(["a FIFO", "a device", "a directory", "a link", "too long", "missing"])(
    "is unknown when passwd is %s",
    async (kind) => {
      const make = {
        "a FIFO": "mknod /etc/passwd p",
        "a device": "mknod /etc/passwd c 1 5",
        "a directory": "mkdir /etc/passwd",
        "a link": "ln -s /etc/elsewhere /etc/passwd",
        "too long": `{ cat /etc/elsewhere; busybox head -c 1048576 /dev/zero; } >/etc/passwd`,
        missing: "true",
      }[kind];
      root.file("/etc/elsewhere", "app:x:1000:1000::/srv/app:/bin/sh\n");
      const { stderr } = await root.runPlain({ command: ["sh", "-c", `rm -rf /etc/passwd; ${make}`] });
      expect(stderr).toBe("");
      expect(await writable("/srv/app/main", { user: 1000, workingDirectory: "/other" })).toBe(false);
      await root.runPlain({ command: ["sh", "-c", "rm -rf /etc/passwd"] });
      withHome("/srv/app");
      expect(await writable("/srv/app/main", { user: 1000, workingDirectory: "/other" })).toBe(true);
    },
  );
});

test("$UID is the process's own", async () => {
  root.file("/run/user/1000/file", "run\n", { owner: 1000 });
  root.file("/run/user/0/file");
  expect(await writable("/run/user/1000/file", { user: 1000 })).toBe(true);
  expect(await writable("/run/user/1000/file", {})).toBe(false);
  expect(await writable("/run/user/0/file", {})).toBe(true);
});

test("variables work where /proc is not mounted", async () => {
  withHome("/home/app");
  const start: Partial<Start> = { user: 1000, withoutProc: true, workingDirectory: "/srv/app" };
  expect(await writable("/home/app/file", start)).toBe(true);
  expect(await writable("/home/app/.ssh/id", start)).toBe(false);
  expect(await writable("/etc/conf", start)).toBe(false);
});
