import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { checkout } from "../directories.ts";
import { type RootfsEntry, writeLayer } from "./rootfs.ts";

/** Where Debian's packages put what the images take from the machine. */
export const busyboxPath = "/bin/busybox";
export const muslLoaderPath = "/lib/ld-musl-x86_64.so.1";

/** Our C sources of programs in images. */
export const sources: string = join(checkout, "e2e/images");

/** Users, and the places that a sandbox treats specially. */
export const users: RootfsEntry[] = [
  {
    path: "etc/passwd",
    content:
      "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nother:x:1001:1001::/home/other:/bin/sh\n",
  },
  { path: "etc/group", content: "root:x:0:\nuser:x:1000:\nother:x:1001:\n" },
  // Readable for all, so that a denial shows the sandbox and not the file mode.
  { path: "etc/shadow", content: "root:*:20000:0:99999:7:::\n", mode: 0o644 },
  { path: "root", directory: true, mode: 0o700 },
  { path: "home/user", directory: true, uid: 1000 },
  { path: "home/other", directory: true, mode: 0o755, uid: 1001 },
  { path: "home/other/private", content: "private\n", uid: 1001 },
  { path: "tmp", directory: true, mode: 0o1777 },
  // Writable for all, and no profile's business: only the sandbox stops a write.
  { path: "world", directory: true, mode: 0o1777 },
];

/** busybox with a link for each of its programs. */
export async function busyboxEntries(): Promise<RootfsEntry[]> {
  const applets = (await run(busyboxPath, ["--list"])).trim().split("\n");
  return [
    { path: "bin/busybox", content: readFileSync(busyboxPath), mode: 0o755 },
    ...applets
      .filter((applet) => applet !== "busybox")
      .map((applet) => ({ path: `bin/${applet}`, symlink: "busybox" })),
  ];
}

/** The probe (e2e/images/probe.c) at /usr/bin/probe. */
export async function probeEntry(directory: string, linkage: Linkage): Promise<RootfsEntry> {
  return { path: "usr/bin/probe", content: await compile(directory, "probe", linkage), mode: 0o755 };
}

/** How a program of ours is linked; `library` makes a shared library for glibc. */
export type Linkage = "static" | "musl" | "glibc" | "library";

const compilers: Record<Linkage, string[]> = {
  static: ["musl-gcc", "-static"],
  musl: ["musl-gcc"],
  glibc: ["gcc"],
  library: ["gcc", "-shared", "-fPIC"],
};

/** Compiles `<name>.c` of e2e/images and returns the program. */
export async function compile(directory: string, name: string, linkage: Linkage): Promise<Buffer> {
  const source = join(directory, `${name}.c`);
  copyFileSync(join(sources, `${name}.c`), source);
  const program = join(directory, name);
  const [compiler = "", ...flags] = compilers[linkage];
  await run(compiler, [...flags, "-Os", "-s", "-Wall", "-Wextra", "-Werror", "-o", program, source]);
  return readFileSync(program);
}

/** Writes entries as a layer below `directory` and returns its path. */
export async function layer(directory: string, entries: RootfsEntry[]): Promise<string> {
  const path = join(mkdtempSync(join(directory, "layer-")), "layer.tar");
  await writeLayer(path, entries);
  return path;
}

/** A key for the cache out of contents. */
export function digest(...contents: (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const content of contents) {
    hash.update(content).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** A key out of files: what is taken from the machine, and the code that puts it together. */
export function digestFiles(...paths: string[]): string {
  return digest(...[import.meta.filename, join(sources, "probe.c"), ...paths].map((path) => readFileSync(path)));
}
