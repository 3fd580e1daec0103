import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindMount, mountsOf } from "../testing/inputs.ts";
import { cleanPath } from "./clean-path.ts";
import { DESTINATION, isBind, isReadOnly, SOURCE } from "./mounts.ts";

describe("the paths of mounts", () => {
  test("are looked at in place where all are plain, and what is no path is left alone", () => {
    const mounts = mountsOf([
      bindMount("/a", "/srv/x"),
      { destination: "/proc", type: "proc", source: "proc", options: [] },
    ]);
    expect(mounts.paths).toBe(mounts.original);
  });

  test("are written anew where one is not", () => {
    const mounts = mountsOf([bindMount("/a", "/srv/x"), bindMount("b/../ä/", "//etc/."), bindMount("/c", "x/../")]);
    expect(mounts.paths).not.toBe(mounts.original);
    const paths = [0, 1, 2].map((mount) => [mounts.paths.text(mount, DESTINATION), mounts.paths.text(mount, SOURCE)]);
    expect(paths).toEqual([
      ["/a", "/srv/x"],
      ["/ä", "/etc"],
      ["/c", "/"],
    ]);
    expect(mounts.original.text(1, DESTINATION)).toBe("b/../ä/");
  });

  test("property: are those of cleanPath, at the positions that are told", () => {
    const part = fc.constantFrom("/", "//", ".", "..", "a", "b", "ä", "\uFFFD");
    const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(fc.tuple(path, path), { maxLength: 5 }), (pairs) => {
        const { paths } = mountsOf(pairs.map(([destination, source]) => bindMount(destination, source)));
        expect(paths.length).toBe(pairs.length);
        for (const [mount, [destination, source]] of pairs.entries()) {
          const wanted = [cleanPath(destination), source.includes("/") ? cleanPath(source) : source];
          for (const [index, field] of [DESTINATION, SOURCE].entries()) {
            expect(paths.text(mount, field)).toBe(wanted[index]);
            const { bytes } = paths;
            expect(bytes.toString("utf8", paths.start(mount, field), paths.end(mount, field))).toBe(wanted[index]);
          }
        }
      }),
    );
  });
});

test.each([
  ["bind", [], true],
  ["none", ["ro", "bind"], true],
  ["", ["rbind"], true],
  ["tmpfs", ["bindx"], false],
])("type %j with options %j: a bind mount: %s", (type, options, expected) => {
  expect(isBind(mountsOf([{ ...bindMount("/a", "/b"), type, options }]), 0)).toBe(expected);
});

test("read-only is what has the option ro", () => {
  const mounts = mountsOf([bindMount("/a", "/b", ["rro", "rw"]), bindMount("/c", "/b", ["rbind", "ro"])]);
  expect([isReadOnly(mounts, 0), isReadOnly(mounts, 1)]).toEqual([false, true]);
});
