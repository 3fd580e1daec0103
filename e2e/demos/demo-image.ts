import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { run } from "../stack/command.ts";
import { cache, checkout } from "../stack/directories.ts";
import { digest, digestFiles } from "../stack/images/parts.ts";
import { fileName, type ImageArchive, imageId } from "../stack/images/plugin-image.ts";

/** The demos that have an image: its name, and the Debian packages that its base gets here, for want of an image registry. */
const demoImages: Record<DemoWithImage, { name: string; packages: string[] }> = {
  "python-dev": { name: "nono-demo-python:latest", packages: ["python3"] },
  "node-dev": { name: "nono-demo-node:latest", packages: ["nodejs"] },
  "go-dev": { name: "nono-demo-go:latest", packages: ["golang-go", "ca-certificates"] },
  "ai-agent": { name: "nono-demo-agent:latest", packages: ["python3"] },
};

export type DemoWithImage = "python-dev" | "node-dev" | "go-dev" | "ai-agent";

/** A demo's image, built as contrib/README.md says for machines without an image registry, and kept in the cache until something of it changes. */
export async function demoImage(demo: DemoWithImage): Promise<ImageArchive> {
  const { name, packages } = demoImages[demo];
  // The name that containerd knows it by, where pods leave the registry out.
  const reference = `docker.io/library/${name}`;
  const archive = join(cache, "images", `${fileName(reference)}-${imageKey(demo, packages)}.oci.tar`);
  if (!existsSync(archive)) {
    console.log(`images: building ${name} (seconds; the first time a minute)`);
    mkdirSync(join(cache, "images"), { recursive: true });
    const environment = ["env", `KUBEFENCE_CACHE=${cache}`, "IMAGE_TOOL=buildah"];
    const base = `localhost/kubefence/base-${packages[0]}`;
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    await run("nice", [...environment, join(checkout, "images/base.sh"), base, architecture, ...packages]);
    const unfinished = `${archive}.unfinished`;
    const build = join(checkout, "contrib/build-image.sh");
    await run("nice", [...environment, `BASE=${base}`, `ARCHIVE=${unfinished}`, build, demo, reference]);
    removeOlder(fileName(reference));
    renameSync(unfinished, archive);
  }
  return { reference, archive, id: await imageId(archive) };
}

function imageKey(demo: string, packages: string[]): string {
  const folder = join(checkout, "contrib", demo);
  const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => !/\.(?:cast|md|sh|svg|yaml)$/.test(file) || file.startsWith("inbox"))
    .map((file) => join(folder, file))
    .filter((path) => statSync(path).isFile());
  const scripts = ["contrib/build-image.sh", "images/base.sh"].map((path) => join(checkout, path));
  return digest(digestFiles(...scripts, ...sources.toSorted()), packages.join());
}

function removeOlder(name: string): void {
  const directory = join(cache, "images");
  for (const file of readdirSync(directory).filter((entry) => entry.startsWith(`${name}-`))) {
    if (!file.endsWith(".unfinished")) rmSync(join(directory, file));
  }
}
