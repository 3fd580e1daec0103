import { afterEach, expect, test, vi } from "vitest";
import { containerdRelease, nodeDirectories } from "./directories.ts";

afterEach(() => vi.unstubAllEnvs());

test.for([
  ["", "containerd-2.3"],
  ["2.3.7", "containerd-2.3"],
  ["2.2.x", "containerd-2.2"],
  ["2.4.2", "containerd-2.4"],
] as const)("CONTAINERD=%s picks tools/%s", ([wanted, folder]) => {
  vi.stubEnv("CONTAINERD", wanted);
  const release = containerdRelease();
  expect(release.folder).toBe(folder);
  expect(release.binaries).toMatch(new RegExp(`/bin/containerd-${release.version}$`));
});

test("a version that tools/ does not build is refused", () => {
  vi.stubEnv("CONTAINERD", "2.3.1");
  expect(() => containerdRelease()).toThrow("CONTAINERD=2.3.1: tools/containerd-2.3 builds 2.3.7");
  vi.stubEnv("CONTAINERD", "1.7.0");
  expect(() => containerdRelease()).toThrow(/containerd-1\.7/);
});

test("socket paths stay far below the 107 bytes of a unix socket address", () => {
  const { containerdSocket, nriSocket } = nodeDirectories("a-rather-long-name-for-a-node");
  expect(Math.max(containerdSocket.length, nriSocket.length)).toBeLessThan(80);
});
