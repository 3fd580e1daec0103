import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inside } from "./inside.ts";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "kubefence-inside-"));
  for (const folder of ["run/nri", "var", "etc/containerd", "usr/bin"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const links: Record<string, string> = {
    "var/run": "/run",
    "var/up": "../run",
    "etc/out": "/../../../etc",
    "etc/containerd/config.toml": "/usr/main.toml",
    bin: "usr/bin",
    "usr/bin/runc": "/etc/alternatives/runc",
    circle: "circle",
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(root, name));
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["/etc/containerd/new.toml", "/etc/containerd/new.toml"],
  ["/var/run/nri/nri.sock", "/run/nri/nri.sock"],
  ["/var/up/nri", "/run/nri"],
  ["/etc/out/passwd", "/etc/passwd"],
  ["/bin/../bin/runc", "/usr/bin/runc"],
  ["/etc/containerd/config.toml", "/etc/containerd/config.toml"],
  ["/../../x", "/x"],
  ["/", "/"],
])("%s is %s", (path, place) => {
  expect(inside(root, path, "keep")).toBe(join(root, place));
});

test("the last component is followed when it is asked for", () => {
  expect(inside(root, "/etc/containerd/config.toml", "follow")).toBe(join(root, "/usr/main.toml"));
  expect(inside(root, "/bin/runc", "follow")).toBe(join(root, "/etc/alternatives/runc"));
  expect(inside(root, "/usr/bin/missing", "follow")).toBe(join(root, "/usr/bin/missing"));
});

test("a circle ends", () => {
  expect(inside(root, "/circle/x", "keep")).toBe(join(root, "/circle/x"));
});
