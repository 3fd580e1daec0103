import { expect, test } from "vitest";
import type { ContainerConfig } from "../cri/messages.ts";
import { containerConfig, sandboxConfig } from "./configs.ts";
import type { ContainerSpec, PodSpec } from "./pod-spec.ts";

const container = { name: "main", image: "image" };

test.for([
  [{ name: "plain" }, "CONTAINER"],
  [{ name: "shared", shareProcessNamespace: true }, "POD"],
  [{ name: "host", hostPid: true }, "NODE"],
] as [PodSpec, string][])("$0.name: pid namespace $1", ([pod, pid]) => {
  const sandbox = sandboxConfig(pod, "uid", "/logs", "/cgroup");
  expect(sandbox.linux.securityContext.namespaceOptions.pid).toBe(pid);
  expect(containerConfig(pod, "uid", container, []).linux.securityContext.namespaceOptions).toEqual(
    sandbox.linux.securityContext.namespaceOptions,
  );
});

const securityContext = (spec: Partial<ContainerSpec>): ContainerConfig["linux"]["securityContext"] =>
  containerConfig({ name: "pod" }, "uid", { ...container, ...spec }, []).linux.securityContext;

test("a user is only named when the pod names one, and uid 0 is one", () => {
  expect(securityContext({}).runAsUser).toBeUndefined();
  expect(securityContext({ runAsUser: 0 }).runAsUser).toEqual({ value: "0" });
});

test("a privileged container sees all of /proc", () => {
  expect(securityContext({ privileged: true }).maskedPaths).toEqual([]);
  expect(securityContext({}).maskedPaths).toContain("/proc/kcore");
});
