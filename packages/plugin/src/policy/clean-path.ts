/**
 * An empty component, one that begins with a dot (most are `.` or `..`, a hidden file takes the longer way for nothing),
 * a slash at the end, or what the SDK puts where bytes are no UTF-8.
 */
const UNUSUAL = /\/(?:[/.]|$)|\uFFFD/;
const SLASH = 0x2f;

/** True for nearly every path: absolute, clean, and valid UTF-8. One expression, because it runs for every mount. */
export function isPlainPath(path: string): boolean {
  return path.charCodeAt(0) === SLASH && !UNUSUAL.test(path);
}

/**
 * The path as the kernel would walk it from `/`, without empty, `.` and `..` components, always absolute, never with a
 * trailing slash (except `/`). Symbolic links are not known here. Relative paths count from `/`, as OCI says of mounts.
 */
export function cleanPath(path: string): string {
  if (isPlainPath(path)) return path;
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") components.pop();
    else components.push(component);
  }
  return `/${components.join("/")}`;
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
