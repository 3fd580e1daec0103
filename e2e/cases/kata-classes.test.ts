import { createHash } from "node:crypto";
import { expect } from "vitest";
import { testWithPlugin } from "../fixtures.ts";
import { images } from "../stack/images/recipes.ts";
import type { Completed, Pod } from "../stack/kubelet/pod.ts";

// A class that the plugin takes for Kata's, with runc standing in for the virtual machine: what the plugin refuses and adjusts is the
// same, what Kata makes of it is not shown here.

const policy = "package agent_policy\n\ndefault CreateContainerRequest := true\n";

const test = testWithPlugin({
  kata_classes: ["nono-runc"],
  seccomp_profile: "restricted",
  kata_policy_sha256: [createHash("sha256").update(policy).digest("hex")],
});

const status = ["sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; grep Seccomp_filters /proc/self/status; touch /etc/x"];
const complete = (pod: Pod, seccomp?: "RuntimeDefault"): Promise<Completed> =>
  pod.complete({ name: "main", image: images.busybox, command: status, ...(seccomp && { seccomp }) });

const refused: readonly (readonly [string, string, RegExp])[] = [
  ["config_path", "/etc/kata/other.toml", /KATA_ANNOTATION_REFUSED: .*config_path" replaces Kata's configuration/],
  [
    "config.runtime.disable_guest_seccomp",
    "true",
    /KATA_ANNOTATION_REFUSED: .* switches the guest's seccomp off.*; take the annotation away/,
  ],
  ["config.hypervisor.kernel_params", "lsm=capability", /KATA_ANNOTATION_REFUSED: .*Landlock's included/],
  [
    "config.agent.policy",
    Buffer.from(`${policy}\n`).toString("base64"),
    /KATA_POLICY_REFUSED: .* SHA-256 [0-9a-f]{64}/,
  ],
  ["config.hypervisor.cc_init_data", "H4sIAAAAAAAAAwMAAAAAAAAAAAA=", /KATA_POLICY_REFUSED: .*kata_policy_sha256/],
];

test.for(refused)("io.katacontainers.%s", async ([name, value, message], { plugin, runSandboxedPod }) => {
  const annotations = { [`io.katacontainers.${name}`]: value };
  const podName = `refused-${refused.findIndex(([own]) => own === name)}`;
  const pod = await runSandboxedPod({ name: podName, annotations });
  await expect(complete(pod)).rejects.toThrow(message);
  expect(await plugin.log.find({ decision: "refuse", pod: podName })).toMatchObject({
    reason: expect.stringMatching(/^KATA_/),
  });
});

test("a listed policy and harmless annotations are no obstacle", async ({ runSandboxedPod }) => {
  const annotations = {
    "io.katacontainers.config.agent.policy": Buffer.from(policy).toString("base64"),
    "io.katacontainers.config.hypervisor.default_vcpus": "2",
    "io.katacontainers.config.runtime.disable_guest_seccomp": "false",
  };
  expect(await complete(await runSandboxedPod({ annotations }))).toMatchObject({
    stderr: expect.stringContaining("/etc/x"),
  });
});

test("the container starts under the launcher, which stacks the policy on whatever filter the container has", async ({
  runSandboxedPod,
}) => {
  const bare = await complete(await runSandboxedPod({}));
  expect(bare.stderr).toMatch(/touch: \/etc\/x: Permission denied/);
  expect(bare.stdout).toContain("Seccomp_filters:\t1\n");
  const own = await complete(await runSandboxedPod({}), "RuntimeDefault");
  expect(own.stdout).toContain("Seccomp_filters:\t2\n");
});

// What kata/policy/policy.rego tells the launcher's mount by: that a pod cannot have one like it.
test("the launcher's mount is bind, ro and rprivate, and every volume of a pod is rbind", async ({
  runSandboxedPod,
}) => {
  const pod = await runSandboxedPod({
    volumes: [
      { name: "scratch", kind: "emptyDir" },
      { name: "settings", kind: "configMap", files: { a: "b" } },
      { name: "claim", kind: "persistentVolumeClaim" },
      { name: "host", kind: "hostPath", path: "/usr/share" },
    ],
  });
  const container = await pod.startContainer({
    name: "main",
    image: images.busybox,
    command: ["sleep", "60"],
    volumeMounts: [
      { name: "scratch", mountPath: "/scratch", readOnly: true },
      { name: "settings", mountPath: "/settings", readOnly: true },
      { name: "settings", mountPath: "/settings-a", subPath: "a" },
      { name: "claim", mountPath: "/claim" },
      { name: "host", mountPath: "/host", readOnly: true },
    ],
  });
  const { mounts } = await container.runtimeSpec();
  const bound = mounts.filter(({ type }) => type === "bind");
  const launcher = bound.filter(({ destination }) => destination === "/nono");
  expect(launcher.map(({ options }) => options.toSorted())).toEqual([["bind", "ro", "rprivate"]]);
  const others = bound.filter(({ destination }) => destination !== "/nono");
  expect(others.map(({ destination }) => destination)).toEqual(
    expect.arrayContaining(["/scratch", "/settings", "/settings-a", "/claim", "/host", "/etc/hosts", "/dev/shm"]),
  );
  expect(others.filter(({ options }) => !options.includes("rbind"))).toEqual([]);
});
