import { expect, test } from "vitest";
import { parseProbe } from "./probe.ts";

test("one answer a line; the answer may hold anything but a line break", () => {
  expect(parseProbe("read:/etc/shadow=EACCES\nenv:A=b=c\nlist:/empty=\n")).toEqual({
    "read:/etc/shadow": "EACCES",
    "env:A": "b=c",
    "list:/empty": "",
  });
});

test("anything else among the answers is an error", () => {
  expect(() => parseProbe("nono: something went wrong\n")).toThrow(/not an answer of the probe: "nono: something/);
});
