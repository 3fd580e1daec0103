import { describe, expect, test } from "vitest";
import { passedAnnotations } from "../settings.ts";
import type { TomlTable } from "../toml/parse.ts";
import { type EffectiveConfiguration, readDump } from "./effective.ts";
import { describeOriginal } from "./original.ts";

function node(handler: TomlTable | undefined, nri: TomlTable = {}): EffectiveConfiguration {
  return { ...readDump(""), handlers: new Map(handler === undefined ? [] : [["nono-runc", handler]]), nri };
}

describe("a handler of the original's", () => {
  test.each<[TomlTable, string]>([
    [{}, "(program runc, no annotations)"],
    [{ options: { BinaryName: "/bin/crun" }, pod_annotations: ["other"] }, "(program /bin/crun, no annotations)"],
    [{ pod_annotations: ["other", passedAnnotations] }, "(program runc)"],
  ])("%j is described", (handler, words) => {
    expect(describeOriginal(undefined, node(handler), false)).toEqual([
      `a handler nono-runc is configured already ${words}; the drop-in takes its place, and it is back after uninstall`,
    ]);
  });

  const table = '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.nono-runc]';

  test.each([table, `  ${table}`, `\t${table.replaceAll('"', "'")}`])(
    "%j that nothing reads is named by its line",
    (line) => {
      const notes = ["line 3 has a handler nono-runc that this containerd does not read; it may be removed"];
      expect(describeOriginal(`version = 3\n\n${line}\n`, node(undefined), false)).toEqual(notes);
      expect(describeOriginal(`version = 3\n\n${line}\n`, node({}), false)).not.toEqual(expect.arrayContaining(notes));
    },
  );

  test("one in a comment, or none, is not", () => {
    expect(describeOriginal(`# ${table}\n`, node(undefined), false)).toEqual([]);
    expect(describeOriginal(undefined, node(undefined), false)).toEqual([]);
  });
});

test("NRI that is switched off is said once, before ours switches it on", () => {
  const off = node(undefined, { disable: true });
  expect(describeOriginal("", off, false)).toEqual(["NRI is disabled on this node; the drop-in enables it"]);
  expect(describeOriginal("", off, true)).toEqual([]);
  expect(describeOriginal("", node(undefined, { disable: false }), false)).toEqual([]);
});
