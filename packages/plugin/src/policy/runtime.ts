import { isAtLeast, parseVersion, type Version } from "@kubefence/nri";
import type { RuntimeState } from "./inputs.ts";

/** The oldest runtimes that apply changes of the command and tell the container's user. docs/reference/requirements.md is generated from this. */
export const RUNTIME_REQUIREMENTS: readonly RuntimeRequirement[] = [
  { reportedName: "containerd", name: "containerd", minimum: [2, 2, 0] },
  { reportedName: "cri-o", name: "CRI-O", minimum: [1, 35, 0] },
];

/** The oldest NRI whose runtimes apply `args`; older ones drop the field silently. */
export const MINIMUM_NRI_VERSION: Version = [0, 10, 0];

interface RuntimeRequirement {
  /** What the runtime says at Configure. */
  readonly reportedName: string;
  readonly name: string;
  readonly minimum: Version;
}

/** Judges the runtime by what it says of itself at Configure. `nriVersion` is "" before NRI 0.12. */
export function judgeRuntime(name: string, version: string, nriVersion: string): RuntimeState {
  const nri = parseVersion(nriVersion);
  const nriIsTooOld = nri !== undefined && !isAtLeast(nri, MINIMUM_NRI_VERSION);
  const requirement = RUNTIME_REQUIREMENTS.find(({ reportedName }) => reportedName === name);
  const own = parseVersion(version);
  // Runtimes say their NRI version from 0.12 on.
  const takesSeccompErrno = nri !== undefined && isAtLeast(nri, [0, 12, 0]);
  const quoted = JSON.stringify(`${name} ${version}`.trim());

  if (requirement !== undefined && own !== undefined) {
    if (!isAtLeast(own, requirement.minimum) || nriIsTooOld) {
      const needed = `${requirement.name} ${formatVersion(requirement.minimum)} or later`;
      return {
        name,
        version,
        takesSeccompErrno,
        refusal: {
          code: "RUNTIME_TOO_OLD",
          what: `the node's container runtime ${quoted} ignores changes of the command, so the container would run without its sandbox`,
          action: `upgrade it to ${needed}`,
        },
      };
    }
    return { name, version, takesSeccompErrno, refusal: undefined };
  }
  // A build without a version, or a runtime of another name: only the version of NRI itself can tell.
  if (nri !== undefined && !nriIsTooOld) return { name, version, takesSeccompErrno, refusal: undefined };
  return {
    name,
    version,
    takesSeccompErrno,
    refusal: {
      code: "RUNTIME_UNKNOWN",
      what: `the node's container runtime calls itself ${quoted}${nriVersion === "" ? "" : ` (NRI ${nriVersion})`}, which is not known to apply changes of the command`,
    },
  };
}

export function formatVersion(version: Version): string {
  return version.join(".");
}
