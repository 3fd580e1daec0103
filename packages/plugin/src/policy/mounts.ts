import { cleanPath } from "./clean-path.ts";
import type { MountSpans } from "./inputs.ts";
import { indexOfSlash, isPlain } from "./path-bytes.ts";

/** NRI's numbers of a mount's fields. */
export const DESTINATION = 1;
const TYPE = 2;
export const SOURCE = 3;
const OPTIONS = 4;

/**
 * The mounts of a container. Nearly always they are looked at where they came, in place; where one path is not plain, all
 * are written anew, clean. A source that is no path, like the runtime's own `proc`, is left alone.
 */
export interface Mounts {
  /** As they came. */
  readonly original: MountSpans;
  /** Destinations and sources, clean; the same object as `original` where all are plain, which is ASCII too. */
  readonly paths: PathSpans;
}

/** Where the paths are: see {@link Spans}, whose `field` is DESTINATION or SOURCE here. */
export type PathSpans = Pick<MountSpans, "bytes" | "length" | "start" | "end" | "text">;

export function readMounts(original: MountSpans): Mounts {
  return { original, paths: areAllPlain(original) ? original : new CleanPaths(original) };
}

/** The rest are the runtime's own: proc, tmpfs and the like. */
export function isBind({ original }: Mounts, mount: number): boolean {
  return (
    original.is(mount, TYPE, "bind") ||
    original.includes(mount, OPTIONS, "bind") ||
    original.includes(mount, OPTIONS, "rbind")
  );
}

export function isReadOnly({ original }: Mounts, mount: number): boolean {
  return original.includes(mount, OPTIONS, "ro");
}

function areAllPlain(spans: MountSpans): boolean {
  const { bytes, length } = spans;
  for (let mount = 0; mount < length; mount++) {
    if (!isPlain(bytes, spans.start(mount, DESTINATION), spans.end(mount, DESTINATION))) return false;
    const start = spans.start(mount, SOURCE);
    const end = spans.end(mount, SOURCE);
    if (!isPlain(bytes, start, end) && indexOfSlash(bytes, start, end) !== -1) return false;
  }
  return true;
}

class CleanPaths implements PathSpans {
  readonly length: number;
  readonly bytes: Buffer;
  /** Where each path ends: destination and source of every mount in turn. */
  readonly #ends: readonly number[];

  constructor(original: PathSpans) {
    const paths: Buffer[] = [];
    const ends: number[] = [];
    for (let mount = 0, end = 0; mount < original.length; mount++) {
      for (const field of [DESTINATION, SOURCE]) {
        const path = original.text(mount, field);
        const isPath = field === DESTINATION || path.includes("/");
        paths.push(Buffer.from(isPath ? cleanPath(path) : path));
        ends.push((end += paths.at(-1)?.length ?? 0));
      }
    }
    this.length = original.length;
    this.bytes = Buffer.concat(paths);
    this.#ends = ends;
  }

  start(mount: number, field: number): number {
    return this.#ends[this.#index(mount, field) - 1] ?? 0;
  }

  end(mount: number, field: number): number {
    return this.#ends[this.#index(mount, field)] ?? 0;
  }

  text(mount: number, field: number): string {
    return this.bytes.toString("utf8", this.start(mount, field), this.end(mount, field));
  }

  #index(mount: number, field: number): number {
    return mount * 2 + (field === SOURCE ? 1 : 0);
  }
}
