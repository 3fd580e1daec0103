import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manifestOf } from "../bare-root/manifest.ts";
import { BareRoot, type Start } from "../bare-root/root.ts";

// What nono-runc tells the launcher about a container: which bytes the profile is, and where its variables were.

let root: BareRoot;
const json = JSON.stringify({ version: "0.1.0", ...manifestOf(["rw $WORKDIR", "rw $HOME", "rw $HOME/cache"], []) });
const digest = createHash("sha256").update(json).digest("hex");

beforeAll(async () => {
  root = await BareRoot.create();
  root.file("/srv/app/main", "main\n");
  root.file("/other/file", "other\n");
  root.file("/home/app/file", "home\n");
  root.link("/linked", "/other");
  root.profile("named", manifestOf([], []));
  mkdirSync(join(root.launcherDirectory, "profiles/by-digest"));
  writeFileSync(join(root.launcherDirectory, "profiles/by-digest", `${digest}.json`), json);
});

afterAll(() => root.remove());

function at(workingDirectory: string, ...options: string[]): Partial<Start> {
  return { workingDirectory, options: ["--digest", digest, ...options] };
}

function withHome(home: string, ...options: string[]): Partial<Start> {
  root.file("/etc/passwd", `app:x:1000:1000::${home}:/bin/sh\nroot:x:0:0::${home}:/bin/sh\n`);
  return at("/", ...options);
}

async function written(path: string, start: Partial<Start>): Promise<boolean> {
  const line = `echo started; [ -e ${path} ] && echo x >>${path} && echo written`;
  const { stdout, stderr } = await root.run({ profile: "named", ...start, command: ["sh", "-c", line] });
  expect(stdout, stderr).toMatch(/^started\n/);
  return stdout.endsWith("written\n");
}

describe("--digest", () => {
  test("takes the stored manifest, whatever is installed under the name", async () => {
    const start = { workingDirectory: "/srv/app" };
    expect(await written("/srv/app/main", { ...start, options: ["--digest", digest] })).toBe(true);
    expect(await written("/srv/app/main", { ...start, options: [] })).toBe(false);
    expect(await written("/srv/app/main", { ...start, profile: "gone", options: ["--digest", digest] })).toBe(true);
  });

  test("of bytes that are not stored starts nothing", async () => {
    const options = ["--digest", "0".repeat(64)];
    const { status, stdout, stderr } = await root.run({ profile: "named", options, command: ["echo", "started"] });
    expect({ status, stdout }).toEqual({ status: 125, stdout: "" });
    expect(stderr).toMatch(/^nono: PROFILE_NOT_INSTALLED: /);
  });
});

describe("--workdir", () => {
  test("grants the working directory where it was", async () => {
    expect(await written("/srv/app/main", at("/srv/app", "--workdir", "/srv/app"))).toBe(true);
  });

  test("grants nothing where it is now instead", async () => {
    expect(await written("/other/file", at("/other"))).toBe(true);
    expect(await written("/other/file", at("/other", "--workdir", "/srv/app"))).toBe(false);
    expect(await written("/other/file", at("/linked", "--workdir", "/linked"))).toBe(false);
    expect(await written("/srv/app/main", at("/other", "--workdir", "/srv/app"))).toBe(false);
    expect(await written("/srv/app/main", at("/srv/app", "--no-workdir"))).toBe(false);
  });
});

describe("--home", () => {
  test("grants the home where it was", async () => {
    expect(await written("/home/app/file", withHome("/home/app", "--home", "/home/app"))).toBe(true);
  });

  test("grants nothing where passwd has it now", async () => {
    expect(await written("/other/file", withHome("/other"))).toBe(true);
    expect(await written("/other/file", withHome("/other", "--home", "/home/app"))).toBe(false);
    expect(await written("/other/file", withHome("/other", "--no-home"))).toBe(false);
  });

  test("grants nothing that a link in it leads to", async () => {
    root.link("/home/app/cache", "/other");
    expect(await written("/other/file", withHome("/home/app"))).toBe(true);
    expect(await written("/other/file", withHome("/home/app", "--home", "/home/app"))).toBe(false);
  });
});
