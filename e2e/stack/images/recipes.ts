import { createHash } from "node:crypto";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { pauseImage } from "../containerd/configuration.ts";
import { checkout } from "../directories.ts";
import type { ImageConfiguration } from "./oci-archive.ts";
import { debianLayer, debianLayerPath } from "./debian.ts";
import { type RootfsEntry, writeLayer } from "./rootfs.ts";

/** How an image is made. */
export interface ImageRecipe {
  reference: string;
  configuration: ImageConfiguration;
  /** Changes when the image would: it names the file in the cache. */
  key(): string;
  /** Writes the layers into a directory that is the caller's, lowest first. */
  layers(directory: string): Promise<string[]>;
}

/** References of the images, for container specs. */
export const images: Record<"pause" | "busybox" | "musl" | "scratch" | "debian", string> = {
  pause: pauseImage,
  /** Debian's static busybox: a shell and the usual programs, no shared library at all. */
  busybox: "localhost/kubefence/busybox:1",
  /** A userland whose programs are linked with musl's loader; no glibc. */
  musl: "localhost/kubefence/musl:1",
  /** One static program, no shell, USER 65532. */
  scratch: "localhost/kubefence/scratch:1",
  /** Debian with python3. */
  debian: "localhost/kubefence/debian:1",
};

const busybox = "/bin/busybox";
const muslLoader = "/lib/ld-musl-x86_64.so.1";
const sources = join(checkout, "e2e/images");
const passwd: RootfsEntry[] = [
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
];

/** Every image of the suite, in the order of their cost. */
export const recipes: ImageRecipe[] = [
  {
    reference: images.pause,
    configuration: { Entrypoint: ["/pause"] },
    key: () => digest(readFileSync(join(sources, "pause.c"))),
    layers: async (directory) => [
      await layer(directory, [{ path: "pause", content: await compile(directory, "pause", true), mode: 0o755 }]),
    ],
  },
  {
    reference: images.busybox,
    configuration: { Cmd: ["sh"] },
    key: () => recipeKey(busybox),
    layers: async (directory) => [
      await layer(directory, [...passwd, ...(await busyboxEntries()), await probe(directory, true)]),
    ],
  },
  {
    reference: images.musl,
    configuration: { Cmd: ["sh"] },
    key: () => recipeKey(busybox, muslLoader),
    layers: async (directory) => [
      await layer(directory, [
        ...passwd,
        ...(await busyboxEntries()),
        { path: muslLoader, content: readFileSync(muslLoader), mode: 0o755 },
        await probe(directory, false),
      ]),
    ],
  },
  {
    reference: images.scratch,
    configuration: { Entrypoint: ["/usr/bin/probe"], User: "65532" },
    key: () => recipeKey(),
    layers: async (directory) => [await layer(directory, [await probe(directory, true)])],
  },
  {
    reference: images.debian,
    configuration: { Cmd: ["bash"] },
    key: () => digest(recipeKey(), debianLayerPath(["python3"])),
    layers: async (directory) => [
      await debianLayer(["python3"]),
      await layer(directory, [await probe(directory, true)]),
    ],
  },
];

async function layer(directory: string, entries: RootfsEntry[]): Promise<string> {
  const path = join(directory, "layer.tar");
  await writeLayer(path, entries);
  return path;
}

async function probe(directory: string, isStatic: boolean): Promise<RootfsEntry> {
  return { path: "usr/bin/probe", content: await compile(directory, "probe", isStatic), mode: 0o755 };
}

async function busyboxEntries(): Promise<RootfsEntry[]> {
  const applets = (await run(busybox, ["--list"])).trim().split("\n");
  return [
    { path: "bin/busybox", content: readFileSync(busybox), mode: 0o755 },
    ...applets
      .filter((applet) => applet !== "busybox")
      .map((applet) => ({ path: `bin/${applet}`, symlink: "busybox" })),
  ];
}

async function compile(directory: string, name: string, isStatic: boolean): Promise<Buffer> {
  const source = join(directory, `${name}.c`);
  copyFileSync(join(sources, `${name}.c`), source);
  const program = join(directory, name);
  await run("musl-gcc", [
    ...(isStatic ? ["-static"] : []),
    "-Os",
    "-s",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-o",
    program,
    source,
  ]);
  return readFileSync(program);
}

// This file, the probe's source and what is taken from the machine.
function recipeKey(...inputs: string[]): string {
  return digest(...[import.meta.filename, join(sources, "probe.c"), ...inputs].map((path) => readFileSync(path)));
}

function digest(...contents: (Uint8Array | string)[]): string {
  const hash = createHash("sha256");
  for (const content of contents) {
    hash.update(content).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}
