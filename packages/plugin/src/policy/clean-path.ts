/** Begins with a slash; no component is empty, or begins with a dot (a few clean ones do, and take the longer way). */
const CLEAN = /^(?:\/[^/.][^/]*)+$/;

/**
 * The path as the kernel would walk it from `/`, without empty, `.` and `..` components, always absolute, never with a
 * trailing slash (except `/`). Symbolic links are not known here. Relative paths count from `/`, as OCI says of mounts.
 */
export function cleanPath(path: string): string {
  if (isPlainlyClean(path)) return path;
  if (CLEAN.test(path)) return path;
  const components: string[] = [];
  for (const component of path.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") components.pop();
    else components.push(component);
  }
  return `/${components.join("/")}`;
}

/** What nearly every path is; a doubtful one (a hidden file, say) only takes the longer way. */
function isPlainlyClean(path: string): boolean {
  return path.startsWith("/") && !path.endsWith("/") && !path.includes("//") && !path.includes("/.");
}

/** True if the clean `path` is `ancestor` or lies under it. Compared by components, not by prefix. */
export function isAtOrUnder(path: string, ancestor: string): boolean {
  return path === ancestor || isStrictlyUnder(path, ancestor);
}

/** True if the clean `path` lies under `ancestor` and is not `ancestor` itself. */
export function isStrictlyUnder(path: string, ancestor: string): boolean {
  return path !== ancestor && (ancestor === "/" || path.startsWith(`${ancestor}/`));
}
