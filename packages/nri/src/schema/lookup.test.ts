import { BinaryWriter } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Container, PodSandbox, writeContainer, writePodSandbox } from "./generated/nri/container.ts";
import { decode } from "./view.ts";
import { encode } from "./write.ts";

const ANNOTATIONS = 50;
const key = fc.constantFrom("nono.sh/profile", "nono.sh/profil", "nono.sh/profile2", "", "a");
const value = fc.string({ unit: "binary", maxLength: 40 });

/** A map entry with its parts in that order, as another encoder may write it; a part may be missing or come twice. */
function entry(parts: readonly (readonly ["key" | "value" | "unknown", string])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [part, text] of parts) writer.uint32({ key: 10, value: 18, unknown: 26 }[part]).string(text);
  return writer.finish();
}

describe("one annotation", () => {
  const part = fc.oneof(
    fc.tuple(fc.constant("key" as const), key),
    fc.tuple(fc.constantFrom("value" as const, "unknown" as const), value),
  );

  test("is what the whole map has, however its entries are written", () => {
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 4 }), { maxLength: 6 }), key, (entries, wanted) => {
        const writer = new BinaryWriter();
        for (const parts of entries) writer.uint32(ANNOTATIONS).bytes(entry(parts));
        const bytes = Buffer.from(writer.finish());
        const expected = decode(PodSandbox, bytes).annotations.get(wanted);
        const pod = decode(PodSandbox, bytes);
        expect(pod.annotation(wanted)).toBe(expected);
        expect(pod.annotations.get(wanted)).toBe(expected);
        expect(pod.annotation(wanted)).toBe(expected);
      }),
    );
  });

  test("is undefined where there are none", () => {
    expect(decode(PodSandbox, encode(writePodSandbox, { id: "a" })).annotation("b")).toBeUndefined();
  });

  test("of a torn map is an error, not nothing", () => {
    const torn = Buffer.from([ANNOTATIONS, 2, 10, 9]);
    expect(() => decode(Container, torn).annotation("a")).toThrow(
      expect.objectContaining({ code: "MALFORMED_MESSAGE" }),
    );
  });
});

describe("variables that begin with a prefix", () => {
  const env = fc.array(fc.oneof(value, fc.constantFrom("PATH=/bin", "PATH=", "PATH", "PATHX=1", "MYPATH=2")));

  test("are those of the whole list, in order", () => {
    fc.assert(
      fc.property(env, fc.constantFrom("PATH=", "PATH", "", "X"), (list, prefix) => {
        const bytes = encode(writeContainer, { env: list });
        const expected = decode(Container, bytes).env.filter((item) => item.startsWith(prefix));
        const container = decode(Container, bytes);
        expect(container.envStartingWith(prefix)).toEqual(expected);
        expect(container.env.filter((item) => item.startsWith(prefix))).toEqual(expected);
        expect(container.envStartingWith(prefix)).toEqual(expected);
      }),
    );
  });
});
