import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { policies } from "../../packages/plugin/src/seccomp/generated/policies.ts";
import type { ContainerSpec } from "../stack/kubelet/pod-spec.ts";

const architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
const EACCES = 13;

/** A profile that lets everything through but a few calls, which it answers in a way of its own. */
const forbidding = {
  defaultAction: "SCMP_ACT_ALLOW",
  architectures,
  syscalls: [
    { names: ["chmod", "fchmod", "fchmodat", "mq_open"], action: "SCMP_ACT_ERRNO", errnoRet: EACCES },
    {
      names: ["personality"],
      action: "SCMP_ACT_ERRNO",
      args: [{ index: 0, op: "SCMP_CMP_EQ", value: 0 }],
    },
  ],
};

/** A profile in the manner of the runtimes' own, without calls that those allow. */
function allowing(): object {
  const plain = policies["runtime-default"]().rules.find((rule) => Object.keys(rule).join() === "names,action");
  const names = plain?.names.filter((name) => !/^(?:mq_|timer_|inotify_)/.test(name)) ?? [];
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures,
    syscalls: [
      { names: [...names, "arch_prctl", "clone"], action: "SCMP_ACT_ALLOW" },
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
      { names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, op: "SCMP_CMP_LE", value: 40 }] },
      { names: ["personality"], action: "SCMP_ACT_ALLOW", args: [{ index: 0, op: "SCMP_CMP_EQ", value: 0 }] },
    ],
  };
}

/** The same with an errno for all refusals, which NRI does not carry to a plugin's filter. */
function unspeakable(): object {
  return { ...allowing(), defaultErrnoRet: EACCES };
}

/** The filters that pods have of their own, by a name for the test. Localhost profiles are written to `directory`. */
export function podFilters(directory: string): Record<string, ContainerSpec["seccomp"]> {
  const localhost = (name: string, profile: object): ContainerSpec["seccomp"] => {
    const path = join(directory, `seccomp-${name}.json`);
    writeFileSync(path, JSON.stringify(profile));
    return { localhost: path };
  };
  return {
    none: undefined,
    "runtime-default": "RuntimeDefault",
    "localhost, a few calls forbidden": localhost("forbidding", forbidding),
    "localhost, a list of allowed calls": localhost("allowing", allowing()),
    "localhost, another errno": localhost("unspeakable", unspeakable()),
  };
}
