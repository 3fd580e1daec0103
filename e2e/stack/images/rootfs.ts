import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";

/** One entry of a layer. Directories above it are made with mode 0755; owner is root unless said otherwise. */
export type RootfsEntry =
  | { path: string; content: string | Uint8Array; mode?: number; uid?: number }
  | { path: string; directory: true; mode?: number; uid?: number }
  | { path: string; symlink: string }
  | { path: string; device: { major: number; minor: number } };

/** Writes a layer: entries in order, no times, so that the same entries make the same bytes. */
export async function writeLayer(path: string, entries: RootfsEntry[]): Promise<void> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(path));
  const made = new Set<string>();
  const epoch = new Date(0);
  for (const entry of entries) {
    const name = entry.path.replace(/^\//, "");
    const components = name.split("/");
    for (let depth = 1; depth < components.length; depth++) {
      const parent = components.slice(0, depth).join("/");
      if (!made.has(parent)) {
        archive.entry({ name: `${parent}/`, type: "directory", mode: 0o755, mtime: epoch });
        made.add(parent);
      }
    }
    if ("symlink" in entry) {
      archive.entry({ name, type: "symlink", linkname: entry.symlink, mtime: epoch });
    } else if ("device" in entry) {
      const { major, minor } = entry.device;
      archive.entry({ name, type: "character-device", devmajor: major, devminor: minor, mode: 0o666, mtime: epoch });
    } else if ("directory" in entry) {
      archive.entry({
        name: `${name}/`,
        type: "directory",
        mode: entry.mode ?? 0o755,
        uid: entry.uid ?? 0,
        gid: entry.uid ?? 0,
        mtime: epoch,
      });
      made.add(name);
    } else {
      const { mode = 0o644, uid = 0 } = entry;
      archive.entry({ name, mode, uid, gid: uid, mtime: epoch }, Buffer.from(entry.content));
    }
  }
  archive.finalize();
  await written;
}

/** sha256 of a file, in hex. */
export async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
