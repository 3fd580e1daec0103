/** Which NRI the runtime speaks, and what follows from it. */
import type { ConfigureRequest } from "./schema/generated/nri/service.ts";

/** Major, minor, patch. Suffixes such as -beta.0 or -0ubuntu1 are not kept. */
export type Version = readonly [major: number, minor: number, patch: number];

export interface RuntimeInfo {
  /** "containerd", "cri-o". */
  readonly name: string;
  /** As the runtime says it: "v2.3.7", "2.2.1-0ubuntu1". */
  readonly version: string;
  /** Undefined when the text has no version in it. */
  readonly parsedVersion: Version | undefined;
  /** The runtime's NRI version, inferred where it does not say. */
  readonly nriVersion: Version;
}

/** Below 0.12 a runtime does not say its NRI version; then its own version tells. Newest first. */
const NRI_OF_RUNTIMES: Readonly<Record<string, readonly (readonly [runtime: Version, nri: Version])[]>> = {
  containerd: [
    [
      [2, 4, 0],
      [0, 12, 1],
    ],
    [
      [2, 3, 0],
      [0, 12, 0],
    ],
    [
      [2, 2, 1],
      [0, 11, 0],
    ],
    [
      [2, 2, 0],
      [0, 10, 0],
    ],
    [
      [1, 7, 26],
      [0, 8, 0],
    ],
    [
      [1, 7, 16],
      [0, 6, 1],
    ],
    [
      [1, 7, 14],
      [0, 6, 0],
    ],
    [
      [1, 7, 7],
      [0, 4, 0],
    ],
    [
      [1, 7, 0],
      [0, 3, 0],
    ],
  ],
  "cri-o": [
    [
      [1, 35, 0],
      [0, 11, 0],
    ],
    [
      [1, 34, 0],
      [0, 10, 0],
    ],
    [
      [1, 33, 0],
      [0, 9, 1],
    ],
    [
      [1, 32, 0],
      [0, 9, 0],
    ],
    [
      [1, 31, 0],
      [0, 6, 1],
    ],
    [
      [1, 29, 2],
      [0, 6, 0],
    ],
    [
      [1, 29, 0],
      [0, 5, 0],
    ],
    [
      [1, 26, 2],
      [0, 3, 0],
    ],
    [
      [1, 26, 0],
      [0, 2, 0],
    ],
  ],
};

/** What is assumed of a runtime that nothing is known of. */
const OLDEST: Version = [0, 2, 0];

export function describeRuntime(
  request: Pick<ConfigureRequest, "runtimeName" | "runtimeVersion" | "nriVersion">,
): RuntimeInfo {
  const name = request.runtimeName;
  const version = request.runtimeVersion;
  const parsedVersion = parseVersion(version);
  const nriVersion = parseVersion(request.nriVersion) ?? inferNri(name, parsedVersion);
  return { name, version, parsedVersion, nriVersion };
}

/** The first version in a text: a leading v and everything after the numbers do not matter. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

export function isAtLeast(version: Version, least: Version): boolean {
  for (let part = 0; part < 3; part += 1) {
    const difference = (version[part] ?? 0) - (least[part] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function inferNri(name: string, version: Version | undefined): Version {
  if (version === undefined) return OLDEST;
  const known = NRI_OF_RUNTIMES[name.toLowerCase()]?.find(([runtime]) => isAtLeast(version, runtime));
  return known?.[1] ?? OLDEST;
}

/** The bits of all events a runtime knows. One bit more is a fatal configuration error there. */
export function knownEvents(nriVersion: Version): number {
  if (isAtLeast(nriVersion, [0, 10, 0])) return 0x3fff;
  return isAtLeast(nriVersion, [0, 9, 1]) ? 0x1fff : 0x7ff;
}
