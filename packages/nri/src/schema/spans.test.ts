import { BinaryWriter } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NriError } from "../errors.ts";
import { Container, type Mount, writeContainer } from "./generated/nri/container.ts";
import { decode } from "./view.ts";
import { encode } from "./write.ts";

const MOUNTS = 74;
const DESTINATION = 1;
const TYPE = 2;
const SOURCE = 3;
const OPTIONS = 4;

/** A string field of a mount by its number, or a number, as another encoder or a newer runtime may write them: in any order, more than once. */
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constant("/a".repeat(100)), fc.constant("ro"));
const part = fc.oneof(
  fc.tuple(fc.constantFrom(DESTINATION, TYPE, SOURCE, OPTIONS, 5, 15, 16, 2000), text),
  fc.tuple(fc.constantFrom(1, 4, 9, 300), fc.nat()),
);
const mount = fc.array(part, { maxLength: 8 });

function containerOf(mounts: readonly (readonly (readonly [number, string | number])[])[]): Buffer {
  const writer = new BinaryWriter();
  writer.uint32(10).string("an id");
  for (const parts of mounts) {
    writer.uint32(MOUNTS).fork();
    for (const [field, value] of parts) {
      if (typeof value === "string") writer.uint32((field << 3) | 2).string(value);
      else writer.uint32(field << 3).uint32(value);
    }
    writer.join();
    // Between two mounts, as protobuf allows.
    writer.uint32(0x80 << 3).uint32(7);
  }
  return Buffer.from(writer.finish());
}

describe("the spans of a list of messages", () => {
  const fields: readonly [number, (view: Mount) => string][] = [
    [DESTINATION, (view) => view.destination],
    [TYPE, (view) => view.type],
    [SOURCE, (view) => view.source],
  ];

  test("property: are where the views have their strings, however the messages are written", () => {
    fc.assert(
      fc.property(fc.array(mount, { maxLength: 6 }), (mounts) => {
        const bytes = containerOf(mounts);
        const views = decode(Container, bytes).mounts;
        const container = decode(Container, bytes);
        const spans = container.mountSpans();
        expect(spans.bytes).toBe(bytes);
        expect(spans.length).toBe(views.length);
        for (const [index, view] of views.entries()) {
          for (const [field, value] of fields) {
            expect(spans.text(index, field)).toBe(value(view));
            expect(bytes.toString("utf8", spans.start(index, field), spans.end(index, field))).toBe(value(view));
            expect(spans.is(index, field, "ro")).toBe(value(view) === "ro");
          }
          expect(spans.includes(index, OPTIONS, "ro")).toBe(view.options.includes("ro"));
        }
        // Also where the views were made first.
        expect(container.mounts.length).toBe(views.length);
        expect(container.mountSpans().length).toBe(views.length);
      }),
    );
  });

  test("a string is compared whole", () => {
    const mounts = [{ destination: "/a", type: "bind", options: ["rbind", "binding"] }];
    const spans = decode(Container, encode(writeContainer, { mounts })).mountSpans();
    expect(spans.is(0, TYPE, "bind")).toBe(true);
    expect(spans.is(0, TYPE, "bin")).toBe(false);
    expect(spans.is(0, TYPE, "binds")).toBe(false);
    expect(spans.is(0, SOURCE, "")).toBe(true);
    expect(spans.includes(0, OPTIONS, "bind")).toBe(false);
    expect(spans.includes(0, OPTIONS, "rbind")).toBe(true);
  });

  test("there are none where there is no list", () => {
    expect(decode(Container, encode(writeContainer, { id: "a" })).mountSpans().length).toBe(0);
    expect(() =>
      decode(Container, encode(writeContainer, { id: "a" }))
        .mountSpans()
        .start(0, SOURCE),
    ).toThrow("no single string 3 of item 0");
  });

  test("a list of strings has no position of its own", () => {
    const mounts = [{ destination: "/a" }, { destination: "/b" }];
    const spans = decode(Container, encode(writeContainer, { mounts })).mountSpans();
    expect(() => spans.end(0, OPTIONS)).toThrow(RangeError);
    expect(() => spans.text(2, SOURCE)).toThrow(RangeError);
  });

  test.each([
    ["a string that reaches past its message", [MOUNTS, 3, 10, 9, 0x2f, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ["a length that ends early", [MOUNTS, 2, 10, 0x80]],
    ["a tag that ends early", [MOUNTS, 1, 0x80]],
    ["field number 0", [MOUNTS, 2, 2, 0]],
    ["a group that is never closed", [MOUNTS, 1, 11]],
  ])("%s is an error", (_, bytes) => {
    expect(() => decode(Container, Buffer.from(bytes)).mountSpans()).toThrow(
      expect.objectContaining({ code: "MALFORMED_MESSAGE" }),
    );
  });

  test("property: of torn messages either both are an error, or both have the same", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (inner) => {
        const bytes = Buffer.concat([Buffer.from([MOUNTS, inner.length]), inner]);
        const ofViews = outcome(() => decode(Container, bytes).mounts[0]?.source);
        expect(outcome(() => decode(Container, bytes).mountSpans().text(0, SOURCE))).toBe(ofViews);
      }),
      { numRuns: 2000 },
    );
  });
});

function outcome(read: () => string | undefined): string | undefined {
  try {
    return `found ${read()}`;
  } catch (error) {
    return error instanceof NriError ? error.code : String(error);
  }
}
