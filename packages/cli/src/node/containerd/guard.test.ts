/** Small configurations; containerd.test.ts has real ones. */
import { describe, expect, test } from "vitest";
import type { DropIn } from "./drop-in.ts";
import { readDump } from "./effective.ts";
import { compareDumps } from "./guard.ts";

const runtimes = 'plugins."io.containerd.cri.v1.runtime".containerd.runtimes';
const nri = 'plugins."io.containerd.nri.v1.nri"';
const dropIn: DropIn = {
  name: "kubefence.toml",
  header: "# ours",
  handlerName: "nono-runc",
  handler: { runtime_type: "io.containerd.runc.v2", options: { BinaryName: "/p" } },
  nri: { disable: false, default_validator: { enable: true } },
};
const ours = `[${runtimes}.nono-runc]
runtime_type = "io.containerd.runc.v2"
options.BinaryName = "/p"
[${nri}]
disable = false
socket_path = "/s"
default_validator.enable = true
default_validator.other = 1
`;
const others = `[${nri}]\ndisable = true\nsocket_path = "/s"\ndefault_validator.other = 1\n`;

/** What is wrong where containerd would have `after` in place of `before`. */
function problems(before: string, after: string): string[] {
  return compareDumps(readDump(before), readDump(after), dropIn, "d").map(({ code, where, what }) => {
    expect(where).toBe("d");
    return `${code}: ${what}`;
  });
}

/** What else would change. */
function changes(before: string, after: string): string[] {
  return problems(before + others, after + ours);
}

test("the handler and NRI's keys, and nothing else, is as it should be", () => {
  expect(problems(others, ours)).toEqual([]);
});

test.each([
  ['"/p"', '"/q"', "nono-runc.options.BinaryName"],
  ['options.BinaryName = "/p"', "options = 1", "nono-runc.options"],
  ['runtime_type = "io.containerd.runc.v2"\n', "", "nono-runc.runtime_type"],
  ["default_validator.enable = true", "default_validator.enable = 'true'", "nri.default_validator.enable"],
  ["disable = false\n", "disable = { a = 1 }\n", "nri.disable"],
])("%s become %s is said", (written, loaded, path) => {
  expect(ours).toContain(written);
  expect(problems(others, ours.replace(written, loaded))).toEqual([
    `KF_NODE_OVERRIDDEN: the runtime would not have ${path} as the drop-in says`,
  ]);
});

test("a handler that is not there at all is missing part by part", () => {
  expect(problems(others, ours.replace("nono-runc", "other"))).toEqual([
    "KF_NODE_OVERRIDDEN: the runtime would not have nono-runc.runtime_type as the drop-in says",
    "KF_NODE_OVERRIDDEN: the runtime would not have nono-runc.options as the drop-in says",
    "KF_NODE_SIDE_EFFECT: it would also change plugins.io.containerd.cri.v1.runtime",
  ]);
});

describe("what else would change", () => {
  test.each([
    ["root = '/a'\n", "root = '/b'\n", "root"],
    ["root = '/a'\n", "", "root"],
    ["", "root = '/a'\n", "root"],
    ["a.b = 1\n", "a.b = 2\n", "a.b"],
    ["a.b = 1\n", "a = 1\n", "a"],
    ["a = 1\n", "a.b = 1\n", "a"],
    ["a = []\n", "a = ['x']\n", "a"],
    ["a = 0\n", "", "a"],
    ["a = {}\n", "a = 1\n", "a"],
    ["", "a.b = {}\na.c = 1\n", "a"],
    ["a = 1\nb = 2\n", "a = 2\nb = 3\n", "a, b"],
    ["a = 1\nb = 1\nc = 1\nd = 1\ne = 1\nf = 1\n", "a = 2\nb = 2\nc = 2\nd = 2\ne = 2\nf = 2\n", "a, b, c, d, e"],
  ])("%j, %j", (before, after, paths) => {
    expect(changes(before, after)).toEqual([`KF_NODE_SIDE_EFFECT: it would also change ${paths}`]);
  });

  test.each([
    ["imports = ['a']\n", "imports = ['a', 'b']\n"],
    ["", "a = {}\n"],
    ["a.b.c = {}\n", "a = {}\n"],
    ["a.b = {}\n", ""],
    ["a = [1, { b = 2 }]\n", "a = [1, { b = 2 }]\n"],
  ])("%j, %j means the same", (before, after) => {
    expect(changes(before, after)).toEqual([]);
  });

  test("an older handler of our name may change, another may not", () => {
    const before = `[${runtimes}.nono-runc]\nold = 1\n`;
    expect(problems(others + before, ours)).toEqual([]);
    const version2 = before.replace("io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri");
    expect(problems(others + version2, ours)).toEqual([]);
    expect(problems(others + before.replace("nono-runc", "runc"), ours)).toHaveLength(1);
  });

  test("of NRI what the drop-in names may change, and nothing beside it", () => {
    expect(problems(others, ours.replace('"/s"', '"/t"'))).toEqual([expect.stringContaining("nri.socket_path")]);
    expect(problems(others, ours.replace("other = 1", "other = 2"))).toEqual([
      expect.stringContaining("nri.default_validator.other"),
    ]);
    const plain = others.replace("default_validator.other = 1", "default_validator = 1");
    expect(problems(plain, ours)).toEqual([expect.stringContaining("nri.default_validator")]);
    expect(problems(others.replace("disable = true", "disable = { a = 1 }"), ours)).toEqual([]);
  });
});
