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

export type Version = readonly [major: number, minor: number, patch: number];

/** Judges the runtime by what it says of itself at Configure. `nriVersion` is "" before NRI 0.12. */
export function judgeRuntime(name: string, version: string, nriVersion: string): RuntimeState {
  const nri = parseVersion(nriVersion);
  const nriIsTooOld = nri !== undefined && isBelow(nri, MINIMUM_NRI_VERSION);
  const requirement = RUNTIME_REQUIREMENTS.find(({ reportedName }) => reportedName === name);
  const own = parseVersion(version);
  const quoted = JSON.stringify(`${name} ${version}`.trim());

  if (requirement !== undefined && own !== undefined) {
    if (isBelow(own, requirement.minimum) || nriIsTooOld) {
      const needed = `${requirement.name} ${formatVersion(requirement.minimum)} or later`;
      return {
        name,
        version,
        refusal: {
          code: "RUNTIME_TOO_OLD",
          what: `the node's container runtime ${quoted} ignores changes of the command, so the container would run without its sandbox`,
          action: `upgrade it to ${needed}`,
        },
      };
    }
    return { name, version, refusal: undefined };
  }
  // A build without a version, or a runtime of another name: only the version of NRI itself can tell.
  if (nri !== undefined && !nriIsTooOld) return { name, version, refusal: undefined };
  return {
    name,
    version,
    refusal: {
      code: "RUNTIME_UNKNOWN",
      what: `the node's container runtime calls itself ${quoted}${nriVersion === "" ? "" : ` (NRI ${nriVersion})`}, which is not known to apply changes of the command`,
    },
  };
}

/** Reads `v2.3.4`, `2.2.1-0ubuntu1~24.04.2`, `2.3.4+unknown`; undefined for `(devel)`, `unknown` and the like. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

export function formatVersion(version: Version): string {
  return version.join(".");
}

function isBelow(left: Version, right: Version): boolean {
  for (const index of [0, 1, 2] as const) {
    if (left[index] !== right[index]) return left[index] < right[index];
  }
  return false;
}
