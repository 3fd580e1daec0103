import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fakeLauncher } from "../testing/fake-launcher.ts";
import { ELF_PREFIX_BYTES, findLoader } from "./elf.ts";

function header32BigEndian(interpreter: boolean): Buffer {
  const bytes = Buffer.alloc(128);
  bytes.write("\x7fELF\x01\x02\x01", "latin1");
  bytes.writeUInt32BE(64, 0x1c);
  bytes.writeUInt16BE(32, 0x2a);
  bytes.writeUInt16BE(2, 0x2c);
  bytes.writeUInt32BE(interpreter ? 3 : 1, 96);
  return bytes;
}

describe("a launcher that needs a dynamic loader", () => {
  test("is found by its program headers", () => {
    expect(findLoader(fakeLauncher("", 0, true))).toEqual({ reason: "it is dynamically linked" });
    expect(findLoader(fakeLauncher())).toBe("static");
  });

  test("Node itself is one", () => {
    expect(findLoader(readFileSync(process.execPath).subarray(0, ELF_PREFIX_BYTES))).toEqual({
      reason: "it is dynamically linked",
    });
  });

  test.each([
    ["a script", Buffer.from("#!/bin/sh\n".padEnd(100, "#")), "it is no ELF program"],
    ["an empty file", Buffer.alloc(0), "it is no ELF program"],
    ["a cut header", fakeLauncher().subarray(0, 63), "it is no ELF program"],
    ["cut program headers", fakeLauncher().subarray(0, 100), "its ELF program headers cannot be read"],
  ])("%s is no static program either", (_name, bytes, reason) => {
    expect(findLoader(bytes)).toEqual({ reason });
  });

  test("32-bit and big-endian headers are read too", () => {
    expect(findLoader(header32BigEndian(false))).toBe("static");
    expect(findLoader(header32BigEndian(true))).toEqual({ reason: "it is dynamically linked" });
  });

  test("property: no bytes make it throw", () => {
    const magic = Buffer.from("7f454c46", "hex");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, isElf) => {
        expect(findLoader(isElf ? Buffer.concat([magic, bytes]) : Buffer.from(bytes))).toBeDefined();
      }),
    );
  });

  test("property: whatever else is in it, a loader among the readable headers is found", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 56, maxLength: 56 }), (entry) => {
        const program = fakeLauncher("", 0, true);
        program.set(entry.subarray(4), 64 + 56 + 4);
        expect(findLoader(program)).toEqual({ reason: "it is dynamically linked" });
      }),
    );
  });
});
