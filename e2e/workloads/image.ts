import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { debianLayer, debianLayerPath } from "../stack/images/debian.ts";
import type { ImageRecipe } from "../stack/images/recipes.ts";
import { type RootfsEntry, writeLayer } from "../stack/images/rootfs.ts";

// One image for all workloads: an installed program that does not run changes nothing, and one is made in a third of the time.
const packages = ["nginx", "redis-server", "postgresql", "python3", "nodejs"];

/** Where Debian's postgresql package has the programs. */
export const postgresPrograms = "/usr/lib/postgresql/15/bin";

const files: RootfsEntry[] = [
  { path: "srv/index.html", content: "<p>served by python</p>\n" },
  { path: "app/server.js", content: readFileSync(join(import.meta.dirname, "server.js")), mode: 0o644 },
  { path: "app/uploads", directory: true, mode: 0o777 },
];

/** Debian with nginx, redis, postgres, python3 and node as its packages set them up, and a small application in /app. */
export const workloadImage: ImageRecipe = {
  reference: "localhost/kubefence/workloads:1",
  configuration: { Cmd: ["bash"] },
  key: () =>
    createHash("sha256")
      .update(JSON.stringify([debianLayerPath(packages), files]))
      .digest("hex")
      .slice(0, 16),
  layers: async (directory) => {
    const path = join(directory, "application.tar");
    await writeLayer(path, files);
    return [await debianLayer(packages), path];
  },
};
