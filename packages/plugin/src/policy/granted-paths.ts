import { DESTINATION, type PathSpans } from "./mounts.ts";
import { indexOfSlash, isSame } from "./path-bytes.ts";

/** Up to here, comparing with one grant after another takes less than making strings and a map of them. */
const FEW = 32;

/** The mounts of one container whose destinations are granted, and how. Every other mount is held against them. */
export class GrantedPaths {
  readonly #paths: PathSpans;
  readonly mounts: number[] = [];
  /** Made when it is needed. */
  #texts: Set<string> | undefined;

  constructor(paths: PathSpans) {
    this.#paths = paths;
  }

  get size(): number {
    return this.mounts.length;
  }

  /** To be called for all grants before any question is asked. */
  add(mount: number): void {
    this.mounts.push(mount);
  }

  /** True if the destination of a mount is granted, be it by another mount. */
  has(mount: number): boolean {
    return this.#hasPath(this.#paths.start(mount, DESTINATION), this.#paths.end(mount, DESTINATION));
  }

  /** True if a directory above the destination, and not only itself, is granted. */
  isAbove(mount: number): boolean {
    if (this.size === 0) return false;
    const { bytes } = this.#paths;
    const start = this.#paths.start(mount, DESTINATION);
    const end = this.#paths.end(mount, DESTINATION);
    if (end - start > 1 && this.#hasPath(start, start + 1)) return true;
    let slash = indexOfSlash(bytes, start + 1, end);
    while (slash !== -1) {
      if (this.#hasPath(start, slash)) return true;
      slash = indexOfSlash(bytes, slash + 1, end);
    }
    return false;
  }

  #hasPath(start: number, end: number): boolean {
    const paths = this.#paths;
    if (this.size > FEW) return this.#allTexts().has(paths.bytes.toString("utf8", start, end));
    // An iterator or a closure for each of some hundred calls would be half of a create's garbage.
    for (let index = 0; index < this.mounts.length; index++) {
      const mount = this.mounts[index] ?? 0;
      const from = paths.start(mount, DESTINATION);
      if (isSame(paths.bytes, start, end, from, paths.end(mount, DESTINATION))) return true;
    }
    return false;
  }

  #allTexts(): Set<string> {
    return (this.#texts ??= new Set(this.mounts.map((mount) => this.#paths.text(mount, DESTINATION))));
  }
}
