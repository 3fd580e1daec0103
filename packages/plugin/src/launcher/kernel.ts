import { KubefenceError } from "../errors.ts";

/** Landlock came with this kernel. docs/reference/requirements.md is generated from it. */
export const MINIMUM_KERNEL: readonly [major: number, minor: number] = [5, 13];

/** KERNEL_TOO_OLD, with the original's text, if the `uname` release is below 5.13 or cannot be read. */
export function judgeKernelRelease(release: string): KubefenceError | undefined {
  const [major = 0, minor = 0] = release.split(".").map((part) => Number(/^\d+/.exec(part)?.[0] ?? 0));
  const [minimumMajor, minimumMinor] = MINIMUM_KERNEL;
  if (major > minimumMajor || (major === minimumMajor && minor >= minimumMinor)) return undefined;
  return new KubefenceError(
    "KERNEL_TOO_OLD",
    `startup check failed: kernel ${major}.${minor} is too old: nono-nri requires Linux ${minimumMajor}.${minimumMinor}+ for Landlock LSM support`,
  );
}
