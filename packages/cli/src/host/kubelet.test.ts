import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host } from "./host.ts";
import { kubeletSetting } from "./kubelet.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kubefence-kubelet-"));
  mkdirSync(join(root, "var/lib/kubelet"), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test.each([
  ["staticPodPath: /etc/pods\ncgroupDriver: systemd\n", "/etc/pods"],
  ['staticPodPath: ""\n', undefined],
  ["staticPodPath: [a]\n", undefined],
  ["# nothing\n", undefined],
  ["- a list\n", undefined],
  ["staticPodPath: {\n", undefined],
])("%j", async (text, path) => {
  writeFileSync(join(root, "var/lib/kubelet/config.yaml"), text);
  expect(await kubeletSetting(new Host(root), "staticPodPath")).toBe(path);
});

test("a node without that file has no setting", async () => {
  expect(await kubeletSetting(new Host(root), "cgroupDriver")).toBeUndefined();
});
