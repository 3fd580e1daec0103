import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { cache, checkout } from "../directories.ts";
import { digestFiles } from "./parts.ts";

/** An image as a file that containerd imports. */
export interface ImageArchive {
  readonly reference: string;
  readonly archive: string;
  /** As containerd names it: the digest of the configuration. */
  readonly id: string;
}

const base = "localhost/kubefence/base";

/**
 * The project's own image, built by the commands that users have (images/) from what is in build/, on a base of Debian
 * packages. Kept in the cache until one of them changes. `reference` is the name that pods will use.
 */
export async function pluginImage(reference: string): Promise<ImageArchive> {
  const archive = join(cache, "images", `${fileName(reference)}-${imageKey()}.oci.tar`);
  if (!existsSync(archive)) {
    console.log(`images: building ${reference} (seconds; the first time half a minute)`);
    mkdirSync(join(cache, "images"), { recursive: true });
    const environment = ["env", `KUBEFENCE_CACHE=${cache}`, "IMAGE_TOOL=buildah"];
    await run("nice", [...environment, join(checkout, "images/base.sh"), base]);
    const unfinished = `${archive}.unfinished`;
    await run("nice", [
      ...environment,
      `BASE=${base}`,
      `ARCHIVE=${unfinished}`,
      join(checkout, "images/build.sh"),
      reference,
    ]);
    for (const file of readdirSync(join(cache, "images"))) {
      if (file.startsWith(`${fileName(reference)}-`) && !file.endsWith(".unfinished"))
        rmSync(join(cache, "images", file));
    }
    renameSync(unfinished, archive);
  }
  return { reference, archive, id: await imageId(archive) };
}

/** An image's reference as part of a file's name. */
export function fileName(reference: string): string {
  return reference.replaceAll(/[/:]/g, "-");
}

/** What images/build.sh copies. */
const parts = [
  "images",
  ...["10-nono-nri", "kubefence", "nono", "nono-runc", "profiles", "seccomp"].map((name) => `build/${name}`),
];

function imageKey(): string {
  const files = parts.flatMap((part) => filesOf(join(checkout, part)));
  return digestFiles(...files.toSorted());
}

function filesOf(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

/** The id of the image in an OCI archive. */
export async function imageId(archive: string): Promise<string> {
  const read = async (path: string): Promise<{ config: { digest: string }; manifests: { digest: string }[] }> =>
    JSON.parse(await run("tar", ["--extract", "--to-stdout", "--file", archive, path]));
  const { manifests } = await read("index.json");
  const { config } = await read(`blobs/sha256/${manifests[0]?.digest.slice("sha256:".length)}`);
  return config.digest;
}
