import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../stack/command.ts";
import { cache } from "../stack/directories.ts";

/** Kernels of Debian's cloud images, by package, kept between runs. Nothing of them is installed. */
const kernels = join(cache, "kernels");

/**
 * The path of a Linux 6.1 kernel image, fetched from Debian once. Undefined where the machine's package
 * sources have none (6.1 is Debian 12's).
 */
export async function linux61(): Promise<string | undefined> {
  const name = /^linux-image-6\.1\.0-(\d+)-cloud-amd64$/;
  const kept = existsSync(kernels) ? readdirSync(kernels).find((entry) => name.test(entry)) : undefined;
  const offered =
    kept === undefined ? (await run("apt-cache", ["pkgnames", "linux-image-6.1.0-"])).split("\n") : [kept];
  const revision = (entry: string): number => Number(name.exec(entry)?.[1]);
  const newest = offered.filter((entry) => name.test(entry)).toSorted((a, b) => revision(b) - revision(a))[0];
  if (newest === undefined) {
    return undefined;
  }
  const directory = join(kernels, newest);
  if (!existsSync(directory)) {
    await unpack(newest, directory);
  }
  const image = readdirSync(directory).find((entry) => entry.startsWith("vmlinuz-"));
  return image === undefined ? undefined : join(directory, image);
}

/** Downloads a package without installing it and keeps its /boot. */
async function unpack(name: string, directory: string): Promise<void> {
  mkdirSync(kernels, { recursive: true });
  const temporary = mkdtempSync(join(kernels, "download-"));
  try {
    // apt drops its rights to a user who may not write here, and says so on standard error.
    await run("sh", ["-euc", 'cd "$1" && apt-get download -q "$2" && dpkg-deb -x ./*.deb .', "sh", temporary, name]);
    renameSync(join(temporary, "boot"), directory);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}
