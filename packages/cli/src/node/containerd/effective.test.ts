import { expect, test } from "vitest";
import { fixture } from "../toml/testing.ts";
import { parseTomlValues } from "../toml/parse.ts";
import { isTable, readDump, stringsAt, tableAt, textAt } from "./effective.ts";

test.each([
  ["default-2.2.9", 3],
  ["default-2.3.7", 4],
  ["default-2.4.2", 4],
])("%s: what containerd prints is read", (name, version) => {
  const dump = readDump(fixture(name));
  expect(dump).toMatchObject({
    version,
    disabledPlugins: [],
    defaultHandler: "runc",
    socket: "/run/containerd/containerd.sock",
    nri: { disable: false, socket_path: "/var/run/nri/nri.sock" },
  });
  expect([...dump.handlers.keys()]).toEqual(["runc"]);
  expect(dump.handlers.get("runc")).toMatchObject({ runtime_type: "io.containerd.runc.v2" });
});

test("the newer of two places for the address counts; without either there is none", () => {
  const old = '[grpc]\naddress = "/old.sock"\n';
  const newer = '[plugins."io.containerd.server.v1.grpc"]\naddress = "/new.sock"\n';
  expect([old, newer, old + newer, ""].map((text) => readDump(text).socket)).toEqual([
    "/old.sock",
    "/new.sock",
    "/new.sock",
    "",
  ]);
});

test("what is no table is no handler, and what is no text no plugin", () => {
  const runtimes = '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes]';
  const dump = readDump(`disabled_plugins = ["a", 1, "b"]\n${runtimes}\nbad = 1\nworse = []\ngood = {}\n`);
  expect([...dump.handlers]).toEqual([["good", {}]]);
  expect(dump.disabledPlugins).toEqual(["a", "b"]);
  expect(readDump("disabled_plugins = 'a'\n").disabledPlugins).toEqual([]);
});

test("a path ends in a table, or in an empty one", () => {
  const table = parseTomlValues('text = "x"\nnumber = 1\nlist = [{ a = 1 }]\nday = 2020-01-01\n[a.b]\nc = "d"\n');
  expect(tableAt(table, [])).toBe(table);
  expect(tableAt(table, ["a", "b"])).toEqual({ c: "d" });
  for (const path of [["x"], ["text"], ["text", "length"], ["list"], ["list", "0"], ["day"], ["a", "b", "c"]]) {
    expect(tableAt(table, path)).toEqual({});
  }
  expect(["text", "number", "list"].map((key) => textAt(table, key))).toEqual(["x", "", ""]);
  expect(stringsAt(table, "text")).toEqual([]);
  expect([table["a"], table["list"], table["day"], table["text"], undefined].map(isTable)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
});
