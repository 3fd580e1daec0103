import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { pack } from "tar-stream";
import { fileDigest } from "./rootfs.ts";

/** The parts of an image's configuration that a recipe sets; names are those of the OCI image specification. */
export interface ImageConfiguration {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
}

/**
 * Writes an OCI image layout as one tar, which `ctr images import` reads, and returns the image's id (the digest of its
 * configuration). Layers are uncompressed tar files, lowest first.
 */
export async function writeOciArchive(
  path: string,
  reference: string,
  configuration: ImageConfiguration,
  layers: string[],
): Promise<string> {
  const archive = pack();
  const written = pipeline(archive, createWriteStream(path));
  const add = (name: string, content: string): void => void archive.entry({ name, mtime: new Date(0) }, content);
  const addBlob = (mediaType: string, value: object): { mediaType: string; digest: string; size: number } => {
    const content = JSON.stringify(value);
    const digest = createHash("sha256").update(content).digest("hex");
    add(`blobs/sha256/${digest}`, content);
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(content) };
  };

  const descriptors = [];
  for (const layer of layers) {
    const { size } = statSync(layer);
    const digest = await fileDigest(layer);
    await pipeline(
      createReadStream(layer),
      archive.entry({ name: `blobs/sha256/${digest}`, size, mtime: new Date(0) }),
    );
    descriptors.push({ mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${digest}`, size });
  }
  const config = addBlob("application/vnd.oci.image.config.v1+json", {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], ...configuration },
    rootfs: { type: "layers", diff_ids: descriptors.map(({ digest }) => digest) },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = addBlob(mediaType, { schemaVersion: 2, mediaType, config, layers: descriptors });
  add(
    "index.json",
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...manifest, annotations: { "io.containerd.image.name": reference } }],
    }),
  );
  add("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  archive.finalize();
  await written;
  return config.digest;
}
