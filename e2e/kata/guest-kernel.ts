import { join } from "node:path";
import { run } from "../stack/command.ts";
import { checkout } from "../stack/directories.ts";

/** A guest kernel with Landlock, and what it was built from. */
export interface GuestKernel {
  /** The uncompressed kernel, which QEMU starts by its PVH entry, as Kata has it do. */
  vmlinux: string;
  /** Its configuration. */
  config: string;
  /** A configuration that Landlock was asked for and in which Kconfig dropped it. */
  configLost: string;
}

/** Builds it, or finds what an earlier run built. */
export async function guestKernel(): Promise<GuestKernel> {
  const directory = (await run(join(checkout, "kata/kernel/test/build.sh"), [])).trim();
  return {
    vmlinux: join(directory, "vmlinux"),
    config: join(directory, "config"),
    configLost: join(directory, "config-lost"),
  };
}
