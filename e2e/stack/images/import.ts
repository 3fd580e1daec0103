import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../command.ts";
import type { CriClient } from "../cri/client.ts";
import { cache, containerdRelease, type NodeDirectories } from "../directories.ts";
import type { ImageArchive } from "./plugin-image.ts";
import { writeOciArchive } from "./oci-archive.ts";
import type { ImageRecipe } from "./recipes.ts";

/** Makes sure that containerd has these images as their recipes describe them; what is there already is left alone. */
export async function importImages(
  directories: NodeDirectories,
  cri: CriClient,
  recipes: ImageRecipe[],
): Promise<void> {
  const present = new Map((await cri.images()).flatMap(({ id, repoTags }) => repoTags.map((tag) => [tag, id])));
  for (const recipe of recipes) {
    const { archive, id } = await buildImage(recipe);
    if (present.get(recipe.reference) !== id) {
      await importArchive(directories, cri, { reference: recipe.reference, archive, id });
    }
  }
}

/** Imports one image and waits until containerd lists it. */
export async function importArchive(
  directories: NodeDirectories,
  cri: CriClient,
  { reference, archive, id }: ImageArchive,
): Promise<void> {
  console.log(`images: importing ${reference}`);
  const { binaries } = containerdRelease();
  await run(join(binaries, "ctr"), [
    "--address",
    directories.containerdSocket,
    "--namespace",
    "k8s.io",
    "images",
    "import",
    archive,
  ]);
  await untilListed(cri, reference, id);
}

/** The image's archive and id, from the cache or made now. */
async function buildImage(recipe: ImageRecipe): Promise<{ archive: string; id: string }> {
  const name = recipe.reference.replace(/^.*\//, "").replace(":", "-");
  const archive = join(cache, "images", `${name}-${recipe.key()}.oci.tar`);
  const idFile = `${archive}.id`;
  if (!existsSync(idFile)) {
    console.log(`images: building ${recipe.reference}`);
    mkdirSync(join(cache, "images"), { recursive: true });
    const directory = mkdtempSync(join(tmpdir(), "kubefence-image-"));
    try {
      const unfinished = `${archive}.unfinished`;
      const id = await writeOciArchive(
        unfinished,
        recipe.reference,
        recipe.configuration,
        await recipe.layers(directory),
      );
      removeOlder(name);
      renameSync(unfinished, archive);
      writeFileSync(idFile, id);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return { archive, id: readFileSync(idFile, "utf8") };
}

function removeOlder(name: string): void {
  const directory = join(cache, "images");
  for (const file of readdirSync(directory).filter(
    (entry) => entry.startsWith(`${name}-`) && !entry.endsWith(".unfinished"),
  )) {
    rmSync(join(directory, file));
  }
}

// containerd's CRI learns of an import through an event of its own.
async function untilListed(cri: CriClient, reference: string, id: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await cri.images()).some((image) => image.id === id && image.repoTags.includes(reference))) {
    if (Date.now() > deadline) {
      throw new Error(`containerd does not list ${reference} as ${id} 30 s after its import`);
    }
    await delay(20);
  }
}
