/** Where a path of the node is for somebody who sees the node's root in a folder: links are the node's, too. */
import { readlinkSync } from "node:fs";
import { join, resolve } from "node:path";

/** As the kernel's own limit. */
const maxLinks = 40;

/**
 * `path` of the node below `root`. An absolute link such as /var/run → /run would else lead out of it, into the caller's own files.
 * The last component is followed only with `last`. A chain of links that is too long stays as it is: the kernel refuses it.
 */
export function inside(root: string, path: string, last: "follow" | "keep"): string {
  let [done, rest] = ["/", components(path)];
  for (let links = 0; rest.length > 0;) {
    const [first = "", ...others] = rest;
    const here = join(done, first);
    const target = others.length > 0 || last === "follow" ? linkAt(join(root, here)) : undefined;
    if (target !== undefined && (links += 1) <= maxLinks) {
      // join and resolve never climb above "/".
      rest = [...components(resolve(done, target)), ...others];
      done = "/";
      continue;
    }
    done = here;
    rest = others;
  }
  return join(root, done);
}

function components(path: string): string[] {
  // Node's paths are clean ones: ".." after a link is nothing that anybody configures.
  return resolve("/", path)
    .split("/")
    .filter((name) => name !== "");
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Not there, or no link.
    return undefined;
  }
}
