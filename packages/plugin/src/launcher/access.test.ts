import { describe, expect, test } from "vitest";
import { findClosed, findForeignControl } from "./access.ts";

const root = { uid: 0, gid: 0 };

describe("who could change the launcher", () => {
  test.each([
    ["root's own", { ...root, mode: 0o755 }],
    ["root's group may write: its members are root's", { ...root, mode: 0o775 }],
  ])("nobody: %s", (_name, status) => {
    expect(findForeignControl("/x", status, 0)).toBeUndefined();
  });

  test("another owner", () => {
    expect(findForeignControl("/opt/nono-nri/nono", { uid: 1000, gid: 0, mode: 0o755 }, 0)).toEqual({
      code: "LAUNCHER_OWNER",
      what: "/opt/nono-nri/nono belongs to user 1000, who could replace the launcher or its profiles",
      action: "run on the node: chown root:root /opt/nono-nri/nono",
    });
  });

  test("a plugin that does not run as root accepts its own user's files", () => {
    expect(findForeignControl("/x", { uid: 1000, gid: 1000, mode: 0o755 }, 1000)).toBeUndefined();
    expect(findForeignControl("/x", { uid: 1001, gid: 1000, mode: 0o755 }, 1000)?.code).toBe("LAUNCHER_OWNER");
  });

  test.each([
    [0, 0o757],
    [0, 0o777],
    [1000, 0o775],
  ])("group %i with mode %o can write", (gid, mode) => {
    expect(findForeignControl("/x", { uid: 0, gid, mode }, 0)).toMatchObject({
      code: "LAUNCHER_WRITABLE",
      what: expect.stringContaining(`mode 0${mode.toString(8)}`),
      action: "run on the node: chmod go-w /x",
    });
  });

  test("a sticky directory is safe only above the launcher's own", () => {
    const tmp = { ...root, mode: 0o41777 };
    expect(findForeignControl("/tmp", tmp, 0, true)).toBeUndefined();
    expect(findForeignControl("/tmp", tmp, 0)?.code).toBe("LAUNCHER_WRITABLE");
  });
});

describe("what is closed to some users", () => {
  test.each([
    [0o755, 5, false],
    [0o711, 5, true],
    [0o711, 1, false],
    [0o700, 5, true],
    [0o750, 1, true],
    [0o644, 4, false],
    [0o640, 4, true],
    [0o605, 5, true],
  ])("mode %o for %i: %s", (mode, needed, isClosed) => {
    expect(findClosed("/x", { ...root, mode: 0o100000 | mode }, needed)).toEqual(
      isClosed ? { path: "/x", ...root, mode, needed } : undefined,
    );
  });
});
