/** Writes what is made of profiles/: the manifests and the reference pages. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { generatedFiles } from "./files.ts";
import { manifestsDirectory } from "./repository.ts";

const files = await generatedFiles((path) => readFile(path, "utf8"));
for (const [path, text] of files) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
for (const file of await readdir(manifestsDirectory)) {
  const path = join(manifestsDirectory, file);
  if (!files.has(path)) await rm(path);
}
