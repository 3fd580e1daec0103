import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { configuration } from "../testing/inputs.ts";
import { findAnnotationConflict, HARMLESS_KATA_ANNOTATIONS } from "./annotations.ts";
import { kataRules } from "./rules.ts";

const policy = Buffer.from("package agent_policy\n\ndefault ExecProcessRequest := true\n");
const initdata = gzipSync('version = "0.1.0"\nalgorithm = "sha256"\n');
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const rules = kataRules(
  configuration({
    runtimeClasses: ["nono-runc", "kata-qemu"],
    kataAnnotations: ["io.katacontainers.config.hypervisor.hot_plug_vfio"],
    kataPolicySha256: [digestOf(policy), digestOf(initdata)],
  }),
);

const conflictOf = (name: string, value = ""): unknown =>
  findAnnotationConflict(
    new Map([
      ["nono.sh/profile", "default"],
      [name, value],
    ]),
    rules,
  );

test.each([
  ["io.katacontainers.config_path", "/etc/kata/other.toml", "replaces Kata's configuration"],
  ["io.katacontainers.config.runtime.disable_guest_seccomp", "true", "switches the guest's seccomp off"],
  ["io.katacontainers.config.runtime.disable_guest_seccomp", "1", "switches the guest's seccomp off"],
  ["io.katacontainers.config.hypervisor.kernel_params", "lsm=", "Landlock's included"],
  ["io.katacontainers.config.hypervisor.kernel", "/k", "replaces the guest's kernel"],
  ["io.katacontainers.config.hypervisor.image", "/i", "replaces the guest's image"],
  ["io.katacontainers.config.hypervisor.initrd", "/i", "replaces the guest's image"],
  ["io.katacontainers.config.hypervisor.guest_hook_path", "/hooks", "outside the sandbox"],
  ["io.katacontainers.config.agent.kernel_modules", "x", "into the guest's kernel"],
  ["io.katacontainers.pkg.oci.container_type", "pod_sandbox", "Kata's own record"],
  ["io.katacontainers.config.hypervisor.virtio_fs_extra_args", "[]", "is not known to leave the sandbox as it is"],
  ["io.katacontainers.config.agent.unheard_of", "", "is not known to leave the sandbox as it is"],
])("%s = %j is refused", (name, value, reason) => {
  expect(conflictOf(name, value)).toEqual({
    code: "KATA_ANNOTATION_REFUSED",
    what: expect.stringMatching(new RegExp(`^the pod's annotation "${name}" .*`)),
  });
  expect(conflictOf(name, value)).toMatchObject({ what: expect.stringContaining(reason) });
});

test.each([
  ...HARMLESS_KATA_ANNOTATIONS,
  "io.katacontainers.config.hypervisor.hot_plug_vfio",
  "kubernetes.io/config.seen",
  "io.katacontainersx",
  // containerd's own, which NRI shows among the pod's.
  "io.kubernetes.cri.container-type",
])("%s is admitted", (name) => {
  expect(conflictOf(name, "1")).toBeUndefined();
});

test("guest seccomp may be switched on", () => {
  expect(conflictOf("io.katacontainers.config.runtime.disable_guest_seccomp", "false")).toBeUndefined();
});

describe.each([
  ["io.katacontainers.config.agent.policy", policy],
  ["io.katacontainers.config.hypervisor.cc_init_data", initdata],
])("%s", (name, listed) => {
  test("is admitted when its SHA-256 is listed", () => {
    expect(conflictOf(name, listed.toString("base64"))).toBeUndefined();
  });

  test("another is refused, with its SHA-256", () => {
    const other = Buffer.concat([listed, Buffer.from("\n")]);
    expect(conflictOf(name, other.toString("base64"))).toEqual({
      code: "KATA_POLICY_REFUSED",
      what: `the pod's annotation "${name}" brings a guest policy with the SHA-256 ${digestOf(other)}, which is not among kata_policy_sha256`,
    });
    expect(conflictOf(name, "")).toMatchObject({ code: "KATA_POLICY_REFUSED" });
  });

  test("what decoders could read in two ways is refused, whatever Node makes of it", () => {
    const value = listed.toString("base64");
    const urlSafe = `${value.slice(0, 8)}-${value.slice(9)}`;
    for (const spelling of [
      `${value}\n`,
      ` ${value}`,
      `${value.slice(0, 4)}\r\n${value.slice(4)}`,
      `${value}!`,
      urlSafe,
      `${value}AAAA=`,
      value.slice(1),
    ]) {
      expect(conflictOf(name, spelling)).toMatchObject({ code: "KATA_POLICY_REFUSED" });
    }
  });
});

test("property: no annotation of Kata passes that is neither harmless, nor listed, nor guest seccomp on", () => {
  const suffix = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "config_path",
      "config.agent.policy",
      "config.hypervisor.kernel",
      "config.hypervisor.default_vcpus",
    ),
  );
  fc.assert(
    fc.property(suffix, fc.string(), (end, value) => {
      const name = `io.katacontainers.${end}`;
      fc.pre(!HARMLESS_KATA_ANNOTATIONS.includes(name) && !rules.annotations.has(name));
      fc.pre(value !== "false");
      expect(conflictOf(name, value)).toMatchObject({ code: expect.stringMatching(/^KATA_/) });
    }),
  );
});

test("Kata classes: by name, by vm_rootfs_classes, by kata_classes; only those that are ours", () => {
  const { classes } = kataRules(
    configuration({
      runtimeClasses: ["nono-runc", "kata-clh", "vm", "enclave"],
      vmRootfsClasses: ["vm", "foreign"],
      kataClasses: ["enclave"],
    }),
  );
  expect([...classes]).toEqual(["kata-clh", "vm", "enclave"]);
});
