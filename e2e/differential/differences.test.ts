import { expect, test } from "vitest";
import { differences, effectOf, explanation } from "./differences.ts";
import { manifestCases } from "./manifests.ts";

test("an answer is a refusal by its errno", () => {
  expect(effectOf("ok", "EACCES")).toBe("ours allows more");
  expect(effectOf("ENOTTY", "EPERM")).toBe("ours allows more");
  expect(effectOf("EXDEV", "ok")).toBe("ours refuses more");
  expect(effectOf("EACCES", "EPERM")).toBe("another errno");
});

test("a listed difference explains only its own direction and manifests", () => {
  const operation = "mknod-character\t/tree/both/made-character";
  expect(explanation("mix", operation, "EACCES", "ok")?.title).toBe("No device files are made");
  expect(explanation("mix", operation, "ok", "EACCES")).toBeUndefined();
  expect(explanation("mix", "send-udp\t7001", "ok", "EPERM")).toBeUndefined();
  expect(explanation("ports", "send-udp\t7001", "ok", "EPERM")?.title).toBe("UDP under lists of ports");
});

test("reading, writing or running a file is never allowed beyond nono, the launcher's own apart", () => {
  for (const verb of ["open-read", "open-write", "truncate", "unlink", "execute", "rename", "link", "create", "list"]) {
    for (const { name } of manifestCases) {
      expect(explanation(name, `${verb}\t/tree/none/file`, "ok", "EACCES")).toBeUndefined();
    }
  }
});

test("differences name manifests that exist", () => {
  const names = new Set(manifestCases.map(({ name }) => name));
  expect(differences.flatMap(({ manifests = [] }) => manifests).filter((name) => !names.has(name))).toEqual([]);
});
