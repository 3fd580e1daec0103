import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.ts";
import { cache } from "../directories.ts";

const suite = "bookworm";
const leftOut = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*"];
const hooks = [
  'chroot "$1" useradd --create-home --uid 1000 user',
  'chroot "$1" useradd --create-home --uid 1001 other',
  'chmod 0755 "$1/home/other" && echo private > "$1/home/other/private"',
  // Readable for all, so that a denial shows the sandbox and not the file mode.
  'chmod 0644 "$1/etc/shadow"',
  'install --directory --mode=1777 "$1/world"',
];

/**
 * A Debian userland with these packages as one layer, made from the mirror that the machine's apt uses (about a minute)
 * and kept in the cache until the recipe changes. Returns the layer's path.
 */
export async function debianLayer(packages: string[]): Promise<string> {
  const path = debianLayerPath(packages);
  if (!existsSync(path)) {
    console.log(`images: making a Debian userland with ${packages.join(", ")} (about a minute)`);
    mkdirSync(join(path, ".."), { recursive: true });
    await run("nice", [
      "mmdebstrap",
      ...mmdebstrapArguments(packages),
      suite,
      `${path}.unfinished.tar`,
      await mirror(),
    ]);
    renameSync(`${path}.unfinished.tar`, path);
  }
  return path;
}

/** Where the layer is kept; the name changes with the recipe. */
export function debianLayerPath(packages: string[]): string {
  const recipe = createHash("sha256").update(JSON.stringify([suite, mmdebstrapArguments(packages)]));
  return join(cache, "images", `debian-${recipe.digest("hex").slice(0, 16)}.tar`);
}

function mmdebstrapArguments(packages: string[]): string[] {
  return [
    "--quiet",
    "--mode=root",
    "--variant=essential",
    `--include=${["passwd", ...packages].join(",")}`,
    '--aptopt=Acquire::Languages "none"',
    ...leftOut.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    ...hooks.map((hook) => `--customize-hook=${hook}`),
  ];
}

/** The archive that the machine's own apt gets Debian from. */
async function mirror(): Promise<string> {
  const targets = await run("apt-get", [
    "indextargets",
    "--format",
    "$(ORIGIN) $(CODENAME) $(REPO_URI)",
    "Created-By: Packages",
  ]);
  for (const target of targets.split("\n")) {
    const [origin, codename, uri] = target.split(" ");
    if (origin === "Debian" && !codename?.includes("-") && uri !== undefined) {
      return uri;
    }
  }
  throw new Error(
    "apt on this machine knows no Debian archive; add one to /etc/apt/sources.list and run apt-get update",
  );
}
