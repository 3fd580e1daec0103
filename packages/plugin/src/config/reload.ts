import { checkConfiguration } from "./checks.ts";
import type { Configuration } from "./configuration.ts";

/** What the process is built on: its sockets and directories, and which launcher they hold. */
const FIXED = ["nonoBinPath", "socketPath", "stateDirectory", "launcher"] as const satisfies (keyof Configuration)[];

/** What a file that was read again comes to. */
export interface Reloaded {
  /** The new values, and the old ones of what cannot change. */
  readonly configuration: Configuration;
  /** Keys of the file whose values are in force from now on. */
  readonly changed: readonly string[];
  /** Keys of the file whose new values need a restart. */
  readonly needRestart: readonly string[];
}

/** Throws CONFIG_INVALID where the new values contradict an old one that cannot change. */
export function reloadedConfiguration(current: Configuration, loaded: Configuration): Reloaded {
  const different = Object.entries(loaded)
    .filter(([name, value]) => !isSame(value, Object.entries(current).find(([known]) => known === name)?.[1]))
    .map(([name]) => name);
  const fixed = different.filter((name) => FIXED.some((one) => one === name));
  const kept = Object.fromEntries(FIXED.map((name) => [name, current[name]]));
  const configuration = { ...loaded, ...kept };
  if (fixed.length > 0) checkConfiguration(configuration);
  return {
    configuration,
    changed: different.filter((name) => !fixed.includes(name)).map(keyOf),
    needRestart: fixed.map(keyOf),
  };
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(plain(left)) === JSON.stringify(plain(right));
}

function plain(value: unknown): unknown {
  return value instanceof Map
    ? [...value].toSorted(([left], [right]) => (String(left) < String(right) ? -1 : 1))
    : value;
}

/** `minLandlockAbi` is `min_landlock_abi` in the file. */
function keyOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (part) => `_${part.toLowerCase()}`);
}
