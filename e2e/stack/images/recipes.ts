import { join } from "node:path";
import { pauseImage } from "../containerd/configuration.ts";
import { debianLayer, debianLayerPath } from "./debian.ts";
import type { ImageConfiguration } from "./oci-archive.ts";
import {
  busyboxEntries,
  busyboxPath,
  compile,
  digest,
  digestFiles,
  layer,
  muslLoaderPath,
  probeEntry,
  sources,
  users,
} from "./parts.ts";
import { readFileSync } from "node:fs";
import type { RootfsEntry } from "./rootfs.ts";

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

const busyboxRecipe: ImageRecipe = {
  reference: images.busybox,
  configuration: { Cmd: ["sh"] },
  key: () => digestFiles(import.meta.filename, busyboxPath),
  layers: async (directory) => [
    await layer(directory, [...users, ...(await busyboxEntries()), await probeEntry(directory, "static")]),
  ],
};

/** Every image that all cases share. */
export const recipes: ImageRecipe[] = [
  {
    reference: images.pause,
    configuration: { Entrypoint: ["/pause"] },
    key: () => digestFiles(import.meta.filename, join(sources, "pause.c")),
    layers: async (directory) => [
      await layer(directory, [{ path: "pause", content: await compile(directory, "pause", "static"), mode: 0o755 }]),
    ],
  },
  busyboxRecipe,
  {
    reference: images.musl,
    configuration: { Cmd: ["sh"] },
    key: () => digestFiles(import.meta.filename, busyboxPath, muslLoaderPath),
    layers: async (directory) => [
      await layer(directory, [
        ...users,
        ...(await busyboxEntries()),
        { path: muslLoaderPath, content: readFileSync(muslLoaderPath), mode: 0o755 },
        await probeEntry(directory, "musl"),
      ]),
    ],
  },
  {
    reference: images.scratch,
    configuration: { Entrypoint: ["/usr/bin/probe"], User: "65532" },
    key: () => digestFiles(import.meta.filename),
    layers: async (directory) => [await layer(directory, [await probeEntry(directory, "static")])],
  },
  {
    reference: images.debian,
    configuration: { Cmd: ["bash"] },
    key: () => digest(digestFiles(import.meta.filename), debianLayerPath(["python3"])),
    layers: async (directory) => [
      await debianLayer(["python3"]),
      await layer(directory, [await probeEntry(directory, "static")]),
    ],
  },
];

/** busybox with a layer of a case's own on top. `name` is the image's name. */
export function busyboxWith(name: string, entries: RootfsEntry[], configuration: ImageConfiguration = {}): ImageRecipe {
  return {
    reference: `localhost/kubefence/${name}:1`,
    configuration: { ...busyboxRecipe.configuration, ...configuration },
    key: () => digest(busyboxRecipe.key(), JSON.stringify([entries, configuration])),
    layers: async (directory) => [...(await busyboxRecipe.layers(directory)), await layer(directory, entries)],
  };
}
