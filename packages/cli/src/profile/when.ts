/** Platform conditions of nono's format, decided for "a container on Linux, of a distribution nobody knows yet". */

/** True and false are certain; undefined depends on what is unknown when a profile is compiled, or is misspelled. */
export function holdsOnLinux(condition: string | readonly string[]): boolean | undefined {
  if (typeof condition === "string") return decide(condition);
  const decided = condition.map(decide);
  if (decided.includes(true)) return true;
  return decided.includes(undefined) ? undefined : false;
}

function decide(condition: string): boolean | undefined {
  if (condition.startsWith("!")) {
    const positive = decide(condition.slice(1));
    return positive === undefined ? undefined : !positive;
  }
  const [platform, ...details] = condition.split(":");
  if (platform === "macos" || platform === "windows") return false;
  return platform === "linux" && details.length === 0 ? true : undefined;
}
