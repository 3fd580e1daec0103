import { describe, expect, test } from "vitest";
import { decode, encode, LinuxSeccomp, writeLinuxSeccomp } from "@kubefence/nri";
import { decide, type NodeState } from "../policy/decide.ts";
import { openSeccomp } from "../seccomp/open.ts";
import { configuration, containerInput, installedProfile, nodeState, podInput } from "../testing/inputs.ts";

const runtimeClasses = ["nono-runc", "kata-nono-qemu"];
const node = (changes: Partial<NodeState> = {}): NodeState =>
  nodeState({ configuration: configuration({ runtimeClasses }), ...changes });
const guest = podInput({ runtimeHandler: "kata-nono-qemu" });
const withAnnotation = (handler: string): ReturnType<typeof podInput> =>
  podInput({
    runtimeHandler: handler,
    annotations: new Map([["io.katacontainers.config_path", "/etc/other.toml"]]),
  });

test("a guest's container is adjusted as any other", () => {
  expect(decide(guest, containerInput(), node())).toEqual(decide(podInput(), containerInput(), node()));
  expect(decide(guest, containerInput(), node()).kind).toBe("sandbox");
});

test("an annotation that weakens the guest is refused, with the profile that was asked for", () => {
  expect(decide(withAnnotation("kata-nono-qemu"), containerInput(), node())).toMatchObject({
    kind: "refuse",
    code: "KATA_ANNOTATION_REFUSED",
    profile: "default",
  });
  expect(decide(withAnnotation("nono-runc"), containerInput(), node()).kind).toBe("sandbox");
  expect(decide(withAnnotation("kata-other"), containerInput(), node()).kind).toBe("skip");
});

describe("this node's kernel is not the guest's", () => {
  const refusal = { code: "LANDLOCK_OFF", what: "no Landlock" } as const;
  const unfit = node({
    launcher: { kind: "failed", refusal },
    guestLauncher: { kind: "ready", abi: 0, barriers: [] },
    profiles: new Map([["default", installedProfile({ restrictsTcp: true })]]),
  });

  test("without Landlock here, guests start and others do not", () => {
    expect(decide(guest, containerInput(), unfit)).toMatchObject({ kind: "sandbox" });
    expect(decide(podInput(), containerInput(), unfit)).toMatchObject({ kind: "refuse", code: "LANDLOCK_OFF" });
  });

  test("a launcher that is not as it should be is refused for guests too", () => {
    const bad = { code: "LAUNCHER_WRITABLE", what: "others can write it" } as const;
    const failed = node({ guestLauncher: { kind: "failed", refusal: bad } });
    expect(decide(guest, containerInput(), failed)).toMatchObject({ kind: "refuse", code: "LAUNCHER_WRITABLE" });
  });
});

test("seccomp: a guest's filter is always stacked by the launcher, for Kata may drop the one in the container's configuration", () => {
  const shown = decode(
    LinuxSeccomp,
    encode(writeLinuxSeccomp, {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"],
      syscalls: [{ names: ["read", "mount"], action: "SCMP_ACT_ALLOW" }],
    }),
  );
  const container = containerInput({ linux: { namespaces: [{ type: "pid", path: "" }], seccompPolicy: shown } });
  const filtered = node({ seccomp: openSeccomp("restricted") });
  expect(decide(podInput(), container, filtered)).toMatchObject({ options: [], seccomp: expect.anything() });
  expect(decide(guest, container, filtered)).toMatchObject({
    options: ["--seccomp", "restricted"],
    seccomp: undefined,
  });
  const filterProblem = { code: "SECCOMP_FILTER_UNUSABLE", what: "missing" } as const;
  expect(decide(guest, container, { ...filtered, filterProblem })).toMatchObject({ kind: "refuse", ...filterProblem });
});
