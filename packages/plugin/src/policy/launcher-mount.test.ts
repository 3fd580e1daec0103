import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindMount, mountsOf } from "../testing/inputs.ts";
import { findMountOverLauncher, touchesLauncherMount } from "./launcher-mount.ts";

describe("mounts that could replace the launcher", () => {
  test.each(["/nono", "/nono/", "//nono", "/./nono", "/x/../nono", "nono", "/nono/.", "/a/b/../../nono//"])(
    "%j is refused, however it is spelled",
    (destination) => {
      expect(findMountOverLauncher(mountsOf([bindMount(destination, "/x")]))).toMatchObject({
        code: "MOUNT_OVER_LAUNCHER",
        what: expect.stringContaining(JSON.stringify(destination)),
      });
    },
  );

  test.each(["/nono/nono", "/nono/profiles", "/nono/profiles/default.json", "/nono//nono", "/nono/x/.."])(
    "%j, under the launcher's mount, is refused",
    (destination) => {
      expect(findMountOverLauncher(mountsOf([bindMount(destination, "/x")]))?.code).toBe("MOUNT_OVER_LAUNCHER");
    },
  );

  test.each(["/", "", ".", "/..", "/x/.."])("%j, above it, is refused", (destination) => {
    expect(findMountOverLauncher(mountsOf([bindMount(destination, "/x")]))?.code).toBe("MOUNT_OVER_LAUNCHER");
  });

  test.each(["/nonono", "/data/nono", "/Nono", "/nono ", "/non"])("%j is another place", (destination) => {
    expect(findMountOverLauncher(mountsOf([bindMount(destination, "/x")]))).toBeUndefined();
  });

  test("one bad mount among many is found", () => {
    const mounts = Array.from({ length: 30 }, (_, index) => bindMount(`/data${index}`, "/x"));
    expect(findMountOverLauncher(mountsOf(mounts))).toBeUndefined();
    expect(findMountOverLauncher(mountsOf([...mounts, bindMount("/nono/", "/x")]))?.code).toBe("MOUNT_OVER_LAUNCHER");
  });

  test("wherever it stands among the others", () => {
    for (const destination of ["/", "/nono", "/nono/x"]) {
      expect(findMountOverLauncher(mountsOf([bindMount("/data", "/x"), bindMount(destination, "/x")]))?.code).toBe(
        "MOUNT_OVER_LAUNCHER",
      );
    }
  });

  test("a destination that was not UTF-8 is refused, because the launcher would be told another path", () => {
    expect(findMountOverLauncher(mountsOf([bindMount("/data\uFFFD", "/x")]))).toEqual({
      code: "MOUNT_PATH_INVALID",
      what: 'a volume is mounted at "/data\uFFFD", which is not valid UTF-8',
    });
  });

  test("other places do not touch it", () => {
    expect(touchesLauncherMount("/nonono")).toBe(false);
    expect(touchesLauncherMount("/data")).toBe(false);
  });

  test("property: any detour that ends at or under /nono is found", () => {
    const detour = fc.array(fc.constantFrom("/", "/.", "/x/..", "//", "/../"), { maxLength: 6 });
    const below = fc.array(fc.constantFrom("/", "/.", "/nono", "/profiles"), { maxLength: 4 });
    fc.assert(
      fc.property(detour, below, (before, after) => {
        expect(touchesLauncherMount(`${before.join("")}/nono${after.join("")}`)).toBe(true);
      }),
    );
  });
});
