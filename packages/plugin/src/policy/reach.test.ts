import { describe, expect, test } from "vitest";
import { containerInput, installedProfile, nodeState, podInput } from "../testing/inputs.ts";
import { decide } from "./decide.ts";
import type { Barrier, ContainerInput } from "./inputs.ts";
import { findBarrier, openingCommand } from "./reach.ts";

const closedDirectory: Barrier = { path: "/opt/nono-nri", uid: 0, gid: 0, mode: 0o700, needed: 1 };

function user(uid: number, gid = uid, additionalGids: number[] = []): ContainerInput {
  return containerInput({ user: { uid, gid, additionalGids } });
}

describe("a launcher's directory that is closed to the container's user", () => {
  test("a non-root user is refused with the command that helps", () => {
    const node = nodeState({ launcher: { kind: "ready", abi: 7, barriers: [closedDirectory] } });
    expect(decide(podInput(), user(1000), node)).toMatchObject({
      kind: "refuse",
      code: "LAUNCHER_UNREACHABLE",
      what: "user 1000 cannot use /opt/nono-nri on the node, whose mode is 0700",
      action: "run on the node: chmod 0711 /opt/nono-nri",
    });
  });

  test("root is not, nor is a user that the runtime does not tell", () => {
    expect(findBarrier(user(0), [closedDirectory])).toBeUndefined();
    expect(findBarrier(containerInput({ user: undefined }), [closedDirectory])).toBeUndefined();
  });

  test("in a user namespace, root is somebody else on the node", () => {
    const linux = { namespaces: [{ type: "user", path: "" }] };
    expect(findBarrier(containerInput({ linux }), [closedDirectory])?.what).toContain("user namespace");
    expect(findBarrier(containerInput({ linux, user: undefined }), [closedDirectory])?.code).toBe(
      "LAUNCHER_UNREACHABLE",
    );
  });

  test("a user namespace is seen among others, and others are none", () => {
    const closed = { ...closedDirectory, mode: 0o700 };
    const pid = { type: "pid", path: "" };
    const mapped = { namespaces: [pid, { type: "user", path: "" }] };
    expect(findBarrier(containerInput({ linux: mapped }), [closed])?.code).toBe("LAUNCHER_UNREACHABLE");
    expect(findBarrier(containerInput({ linux: { namespaces: [pid] } }), [closed])).toBeUndefined();
    expect(findBarrier(containerInput({ linux: { namespaces: [] } }), [closed])).toBeUndefined();
    expect(findBarrier(containerInput({ linux: undefined }), [closed])).toBeUndefined();
  });

  test("root passes what belongs to another user, as the kernel lets it", () => {
    expect(findBarrier(user(0), [{ ...closedDirectory, uid: 1000, gid: 1000 }])).toBeUndefined();
  });

  test("its owner is judged by the owner's permission, even where the others have more", () => {
    const ofUser = { ...closedDirectory, uid: 1000 };
    expect(findBarrier(user(1000, 5), [ofUser])).toBeUndefined();
    expect(findBarrier(user(1000, 5), [{ ...ofUser, mode: 0o077 }])?.code).toBe("LAUNCHER_UNREACHABLE");
  });

  test("where several are closed, one that is closed to this user is named", () => {
    const open = { ...closedDirectory, path: "/opt", mode: 0o755 };
    expect(findBarrier(user(1000), [open, closedDirectory])?.what).toContain("/opt/nono-nri");
    expect(findBarrier(user(1000), [open])).toBeUndefined();
  });

  test("the group's permission is enough for its members", () => {
    const forGroup = { ...closedDirectory, mode: 0o750 };
    expect(findBarrier(user(1000, 0), [forGroup])).toBeUndefined();
    expect(findBarrier(user(1000, 5, [0]), [forGroup])).toBeUndefined();
    expect(findBarrier(user(1000, 5), [forGroup])?.code).toBe("LAUNCHER_UNREACHABLE");
  });

  test("a manifest that is closed refuses only its own profile", () => {
    const barrier = { ...closedDirectory, path: "/opt/nono-nri/profiles/default.json", mode: 0o600, needed: 4 };
    const profiles = new Map([
      ["default", installedProfile({ barrier })],
      ["strict", installedProfile()],
    ]);
    expect(decide(podInput(), user(1000), nodeState({ profiles }))).toMatchObject({ code: "LAUNCHER_UNREACHABLE" });
    expect(decide(podInput(), user(0), nodeState({ profiles })).kind).toBe("sandbox");
    expect(decide(podInput({ profile: "strict" }), user(1000), nodeState({ profiles })).kind).toBe("sandbox");
  });

  test("the command opens what is needed and keeps the rest", () => {
    expect(openingCommand({ ...closedDirectory, path: "/x", mode: 0o600, needed: 4 })).toBe(
      "run on the node: chmod 0644 /x",
    );
  });
});
