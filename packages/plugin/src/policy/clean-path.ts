/**
 * An empty component, one that begins with a dot (most are `.` or `..`, a hidden file takes the longer way for nothing),
 * or a slash at the end. One expression, because nearly every path is clean and this runs twice for every mount.
 */
const UNCLEAN = /\/(?:[/.]|$)/;
const SLASH = 0x2f;

/**
 * The path as the kernel would walk it from `/`, without empty, `.` and `..` components, always absolute, never with a
 * trailing slash (except `/`). Symbolic links are not known here. Relative paths count from `/`, as OCI says of mounts.
 */
export function cleanPath(path: string): string {
  if (path.charCodeAt(0) === SLASH && !UNCLEAN.test(path)) return path;
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
