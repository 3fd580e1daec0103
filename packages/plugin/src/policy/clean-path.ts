const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * The path as the kernel would walk it from `/`, without empty, `.` and `..` components, always absolute, never with a
 * trailing slash (except `/`). Symbolic links are not known here. Relative paths count from `/`, as OCI says of mounts.
 */
export function cleanPath(path: string): string {
  if (isPlainlyClean(path)) return path;
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") components.pop();
    else components.push(component);
  }
  return `/${components.join("/")}`;
}

/** What nearly every path is: no slash is the last character, or before another one or a dot (a hidden file takes the longer way). */
function isPlainlyClean(path: string): boolean {
  if (path.charCodeAt(0) !== SLASH) return false;
  let slash = 0;
  do {
    const next = path.charCodeAt(slash + 1);
    if (next === SLASH || next === DOT || Number.isNaN(next)) return false;
    slash = path.indexOf("/", slash + 1);
  } while (slash !== -1);
  return true;
}

/** True if the clean `path` is `ancestor` or lies under it. Compared by components, not by prefix. */
export function isAtOrUnder(path: string, ancestor: string): boolean {
  return path === ancestor || isStrictlyUnder(path, ancestor);
}

/** True if the clean `path` lies under `ancestor` and is not `ancestor` itself. */
export function isStrictlyUnder(path: string, ancestor: string): boolean {
  if (ancestor === "/") return path !== "/";
  const { length } = ancestor;
  // The last character first: V8 compares a cut string faster than it looks for a prefix, and this runs for every mount.
  return path.charCodeAt(length) === SLASH && path.substring(0, length) === ancestor;
}
