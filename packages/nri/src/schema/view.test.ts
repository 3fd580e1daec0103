import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NriError } from "../errors.ts";
import {
  Container,
  LinuxContainer,
  writeLinuxContainer,
  ContainerState,
  type LinuxContainerInit,
  type MountInit,
  PodSandbox,
  writeContainer,
  writePodSandbox,
} from "./generated/nri/container.ts";
import { HugepageLimit, LinuxMemory, writeHugepageLimit, writeLinuxMemory } from "./generated/nri/resources.ts";
import {
  CreateContainerRequest,
  Event,
  StateChangeEvent,
  writeCreateContainerRequest,
  writeStateChangeEvent,
} from "./generated/nri/service.ts";
import { OwningPlugins, writeOwningPlugins } from "./generated/nri/ownership.ts";
import { bytesOf, decode, MessageReader } from "./view.ts";
import { encode, preencoded } from "./write.ts";

const MALFORMED = expect.objectContaining({ name: "NriError", code: "MALFORMED_MESSAGE", status: 3 });

function message(build: (writer: BinaryWriter) => unknown): Buffer {
  const writer = new BinaryWriter();
  build(writer);
  return Buffer.from(writer.finish());
}

/** Decodes every field there is. */
function readingAll(bytes: Buffer): unknown {
  try {
    decode(CreateContainerRequest, bytes).toJSON();
    return "a view";
  } catch (error) {
    return error instanceof NriError ? error.code : error;
  }
}

function plainMount(mounted: MountInit): MountInit {
  const { destination, type, source, options } = mounted;
  return { destination, type, source, options };
}

describe("what is not there", () => {
  const empty = decode(Container, Buffer.alloc(0));

  test("has proto3's defaults", () => {
    expect(empty.id).toBe("");
    expect(empty.pid).toBe(0);
    expect(empty.createdAt).toBe(0n);
    expect(empty.args).toEqual([]);
    expect(empty.labels.size).toBe(0);
    expect(empty.linux).toBeUndefined();
    expect(empty.state).toBe(ContainerState.CONTAINER_UNKNOWN);
  });

  test("does not show in JSON", () => {
    expect(JSON.stringify(empty)).toBe("{}");
  });
});

describe("values", () => {
  test("64-bit integers are lossless, negative ones and the greatest too", () => {
    for (const value of [-1n, 9223372036854771712n, 2n ** 63n - 1n, -(2n ** 63n)]) {
      const memory = decode(LinuxMemory, encode(writeLinuxMemory, { limit: { value } }));
      expect(memory.limit?.value).toBe(value);
    }
    const hugepages = decode(HugepageLimit, encode(writeHugepageLimit, { limit: 2n ** 64n - 1n }));
    expect(hugepages.limit).toBe(2n ** 64n - 1n);
  });

  test("invalid UTF-8 is replaced and does not throw", () => {
    const bytes = message((writer) => writer.tag(1, WireType.LengthDelimited).bytes(Buffer.from([0x61, 0xff, 0x62])));
    expect(decode(Container, bytes).id).toBe("a\uFFFDb");
  });

  test("a leading U+FEFF stays", () => {
    expect(decode(Container, encode(writeContainer, { args: ["\uFEFFsh"] })).args).toEqual(["\uFEFFsh"]);
  });

  test("a lone surrogate goes out as valid UTF-8", () => {
    expect(decode(Container, encode(writeContainer, { id: "a\uD800b" })).id).toBe("a\uFFFDb");
  });

  test("a number in the list of packed or single numbers is the same", () => {
    const single = message((writer) => writer.tag(3, WireType.Varint).uint32(7).tag(3, WireType.Varint).uint32(8));
    const user = message((writer) => writer.tag(21, WireType.LengthDelimited).bytes(single));
    expect(decode(Container, user).user?.additionalGids).toEqual([7, 8]);
    const packed = encode(writeContainer, { user: { additionalGids: [7, 8] } });
    expect(decode(Container, packed).user?.additionalGids).toEqual([7, 8]);
  });

  test("of a field that occurs twice the last one counts, and messages are merged", () => {
    const twice = Buffer.concat([
      encode(writeCreateContainerRequest, { pod: { id: "a", name: "kept" } }),
      encode(writeCreateContainerRequest, { pod: { id: "b" } }),
    ]);
    const pod = decode(CreateContainerRequest, twice).pod;
    expect(pod?.id).toBe("b");
    expect(pod?.name).toBe("kept");
  });

  test("list items and map entries may be scattered over the message", () => {
    const scattered = Buffer.concat([
      encode(writePodSandbox, { labels: { a: "1" }, ips: ["10.0.0.1"] }),
      encode(writePodSandbox, { labels: { b: "2" }, ips: ["10.0.0.2"] }),
      encode(writePodSandbox, { labels: { a: "3" } }),
    ]);
    const pod = decode(PodSandbox, scattered);
    expect([...pod.labels]).toEqual([
      ["a", "3"],
      ["b", "2"],
    ]);
    expect(pod.ips).toEqual(["10.0.0.1", "10.0.0.2"]);
  });

  test("a map entry without key or value has their defaults", () => {
    const bytes = message((writer) => writer.tag(5, WireType.LengthDelimited).bytes(Buffer.alloc(0)));
    expect([...decode(PodSandbox, bytes).labels]).toEqual([["", ""]]);
  });

  test("keys such as __proto__ are only keys", () => {
    const labels = new Map([["__proto__", "x"]]);
    const pod = decode(PodSandbox, encode(writePodSandbox, { labels }));
    expect(pod.labels.get("__proto__")).toBe("x");
    expect(JSON.stringify(pod)).toBe('{"labels":{"__proto__":"x"}}');
  });

  test("an unknown enum value stays a number", () => {
    expect(decode(StateChangeEvent, encode(writeStateChangeEvent, { event: 99 })).event).toBe(99);
    expect(Event.VALIDATE_CONTAINER_ADJUSTMENT).toBe(14);
  });

  test("maps of messages with number keys, as in owners", () => {
    const owners = {
      owners: { ctr: { simple: { 7: "10-a" }, compound: new Map([[6, { owners: { PATH: "10-a" } }]]) } },
    };
    const view = decode(OwningPlugins, encode(writeOwningPlugins, owners));
    expect(view.owners.get("ctr")?.simple.get(7)).toBe("10-a");
    expect(view.owners.get("ctr")?.compound.get(6)?.owners.get("PATH")).toBe("10-a");
  });

  test("a view can be sent on as it is", () => {
    const linux: LinuxContainerInit = { cgroupsPath: "/x", resources: { unified: { "memory.high": "1" } } };
    const view = decode(Container, encode(writeContainer, { id: "a", linux, env: ["A=b"] }));
    expect(encode(writeContainer, view)).toEqual(encode(writeContainer, { id: "a", linux, env: ["A=b"] }));
  });
});

describe("laziness", () => {
  test("what is not read is not decoded: malformed bytes in it do no harm", () => {
    const broken = message((writer) =>
      writer
        .tag(1, WireType.LengthDelimited)
        .string("ctr")
        .tag(9, WireType.LengthDelimited)
        .bytes(Buffer.from([0x0a, 5])),
    );
    const container = decode(Container, broken);
    expect(container.id).toBe("ctr");
    expect(() => container.mounts).toThrow(MALFORMED);
  });

  test("a value is decoded once", () => {
    const container = decode(Container, encode(writeContainer, { mounts: [{ destination: "/a" }] }));
    expect(container.mounts).toBe(container.mounts);
  });
});

describe("bytes of a message", () => {
  const linux: LinuxContainerInit = { cgroupsPath: "/x" };
  const container = decode(Container, encode(writeContainer, { id: "a", linux, env: ["A=b"] }));

  test("a view's own, within those of the whole message", () => {
    const view = container.linux;
    expect(view && bytesOf(view)).toEqual(encode(writeLinuxContainer, linux));
    expect(bytesOf(container)).toEqual(encode(writeContainer, { id: "a", linux, env: ["A=b"] }));
  });

  test("those of a message that occurs twice are joined", () => {
    const twice = Buffer.concat([
      encode(writeContainer, { linux: { cgroupsPath: "/x" } }),
      encode(writeContainer, { linux: { oomScoreAdj: { value: 1 } } }),
    ]);
    const view = decode(Container, twice).linux;
    expect(view && decode(LinuxContainer, bytesOf(view)).toJSON()).toEqual(view?.toJSON());
  });

  test("that were made before are sent as they were", () => {
    const before = preencoded(writeLinuxContainer, linux);
    expect(before).toEqual(linux);
    expect(encode(writeLinuxContainer, before)).toEqual(encode(writeLinuxContainer, linux));
    expect(encode(writeContainer, { id: "a", linux: before })).toEqual(encode(writeContainer, { id: "a", linux }));
  });
});

describe("bytes that are no message", () => {
  test.each([
    ["a length past the end", [0x0a, 0x05, 0x61]],
    ["a length of 4 GiB", [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["a tag that stops in the middle", [0x80]],
    ["field number 0", [0x00, 0x01]],
    ["an end of a group that never began", [0x0c]],
    ["a number that never ends", [0x60, ...Array.from({ length: 12 }, () => 0xff)]],
    ["groups without end", Array.from({ length: 500 }, () => 0x1b)],
  ])("%s", (_what, bytes) => {
    expect(() => decode(Container, Buffer.from(bytes))).toThrow(MALFORMED);
  });

  test("an unknown group is skipped", () => {
    expect(decode(Container, Buffer.from([0xfb, 0x01, 0x08, 0x01, 0xfc, 0x01, 0x60, 0x07])).pid).toBe(7);
  });

  test("a number of a million occurrences of one message takes no quadratic time", () => {
    const many = Buffer.alloc(2_000_000, Buffer.from([0x0a, 0x00]));
    expect(decode(CreateContainerRequest, many).pod?.id).toBe("");
  });

  test("any bytes: a view, or a coded error, from every getter", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(bytes, (raw) => {
        expect(readingAll(Buffer.from(raw))).toBeOneOf(["a view", "MALFORMED_MESSAGE"]);
      }),
      { numRuns: 2000 },
    );
  });

  test("a valid message with bytes changed or cut: the same", () => {
    const valid = encode(writeCreateContainerRequest, {
      pod: { id: "p", labels: { a: "b" }, linux: { namespaces: [{ type: "pid" }] } },
      container: { args: ["sh"], mounts: [{ destination: "/a", options: ["ro"] }], createdAt: 5n },
    });
    const change = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(change, fc.nat(valid.length), (changes, length) => {
        const bytes = Buffer.from(valid.subarray(0, length));
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        expect(readingAll(bytes)).toBeOneOf(["a view", "MALFORMED_MESSAGE"]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("round trips", () => {
  const text = fc.string({ unit: "grapheme" });
  const mount = fc.record<MountInit>({
    destination: text,
    type: text,
    source: text,
    options: fc.array(text),
  });
  const container = fc.record({
    id: text,
    args: fc.array(text),
    env: fc.array(text),
    labels: fc.dictionary(text, text),
    mounts: fc.array(mount),
    pid: fc.nat(),
    exitCode: fc.integer(),
    createdAt: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    user: fc.record({ uid: fc.nat(), additionalGids: fc.array(fc.nat()) }),
  });

  test("encode, decode, encode gives the same bytes", () => {
    fc.assert(
      fc.property(container, (init) => {
        const bytes = encode(writeContainer, init);
        expect(encode(writeContainer, decode(Container, bytes))).toEqual(bytes);
      }),
    );
  });

  test("what goes in comes out", () => {
    fc.assert(
      fc.property(container, (init) => {
        const view = decode(Container, encode(writeContainer, init));
        expect(view.args).toEqual(init.args);
        expect(view.mounts.map(plainMount)).toEqual(init.mounts);
        expect(Object.fromEntries(view.labels)).toEqual({ ...init.labels });
        expect(view.createdAt).toBe(init.createdAt);
        expect(view.exitCode).toBe(init.exitCode);
      }),
    );
  });
});

describe("values that cannot be sent", () => {
  const UNENCODABLE = expect.objectContaining({ code: "UNENCODABLE_MESSAGE", status: 13 });
  test("a negative number where there is no sign", () => {
    expect(() => encode(writeContainer, { pid: -1 })).toThrow(UNENCODABLE);
  });
  test("a fraction", () => {
    expect(() => encode(writeContainer, { createdAt: 1.5 })).toThrow(UNENCODABLE);
  });
  test("an integer of 65 bits", () => {
    expect(() => encode(writeLinuxMemory, { limit: { value: 2n ** 64n } })).toThrow(UNENCODABLE);
  });
});

test("the reader of a view is not shared with other messages", () => {
  const bytes = encode(writeContainer, { id: "a" });
  expect(new Container(new MessageReader(bytes), bytes.length).id).toBe("a");
});
