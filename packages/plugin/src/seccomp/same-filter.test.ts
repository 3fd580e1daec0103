import { decode, encode, LinuxSeccomp, writeLinuxSeccomp, type LinuxSeccompInit } from "@kubefence/nri";
import { expect, test } from "vitest";
import { isSameFilter } from "./same-filter.ts";

const sent: LinuxSeccompInit = {
  defaultAction: "SCMP_ACT_ERRNO",
  architectures: ["SCMP_ARCH_X86_64"],
  syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW" }],
};

function returned(filter: LinuxSeccompInit): LinuxSeccomp {
  return decode(LinuxSeccomp, encode(writeLinuxSeccomp, filter));
}

test("what came back is what was sent, byte for byte or field by field", () => {
  expect(isSameFilter(sent, returned(sent))).toBe(true);
  expect(isSameFilter(sent, { ...sent })).toBe(true);
  const bytes = encode(writeLinuxSeccomp, { defaultAction: "SCMP_ACT_ERRNO" });
  const others = encode(writeLinuxSeccomp, { ...sent, defaultAction: "" });
  // The same fields in another order.
  expect(isSameFilter(sent, decode(LinuxSeccomp, Buffer.concat([others, bytes])))).toBe(true);
});

test("none, or another, is not", () => {
  expect(isSameFilter(sent, undefined)).toBe(false);
  for (const other of [{}, { ...sent, defaultAction: "SCMP_ACT_ALLOW" }, { ...sent, syscalls: [] }]) {
    expect(isSameFilter(sent, returned(other))).toBe(false);
    expect(isSameFilter(sent, other)).toBe(false);
  }
});
