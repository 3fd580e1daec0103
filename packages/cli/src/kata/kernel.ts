/** Whether a Kata guest kernel has Landlock in force: by its configuration where there is one, else by Kata's version. */

/**
 * The first Kata release whose own guest kernel has Landlock.
 * https://github.com/kata-containers/kata-containers/commit/1487eaaaa24cbeb70e145f079d701eee06d0abb7
 */
const firstKataWithLandlock = "3.32.0";

/**
 * Whether the guest kernel of this Kata release ("3.28.0", "v3.32.1") has Landlock. A pre-release of the first one that
 * has it counts as older. Undefined where the text is no version.
 */
export function stockKernelHasLandlock(kataVersion: string): boolean | undefined {
  const [, major, minor, patch, prerelease] = version.exec(kataVersion.trim()) ?? [];
  if (major === undefined) return undefined;
  const [first, given] = [firstKataWithLandlock.split(".").map(Number), [major, minor, patch].map(Number)];
  const differs = given.findIndex((part, index) => part !== first[index]);
  if (differs === -1) return prerelease === undefined;
  return (given[differs] ?? 0) > (first[differs] ?? 0);
}

const version = /^v?(\d{1,5})\.(\d{1,5})\.(\d{1,5})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** What a kernel's configuration says of the things that a sandbox in the guest needs. */
export interface GuestKernel {
  /** Compiled in, and named in CONFIG_LSM: both are needed, and either alone does nothing. */
  readonly landlock: boolean;
  /** Landlock is the first of CONFIG_LSM. */
  readonly first: boolean;
  /** Denials can be logged: https://docs.kernel.org/admin-guide/LSM/landlock.html (from Linux 6.15 on). */
  readonly audit: boolean;
  readonly seccompFilter: boolean;
}

/**
 * Reads the text of a `.config`, as Kata installs it beside its kernels (`config-6.18.15-186`). Undefined where the text
 * has no option at all, and so is no kernel's configuration. What the kernel's command line changes (`lsm=`) it cannot know.
 */
export function readKernelConfig(text: string): GuestKernel | undefined {
  const options = new Map(Array.from(text.matchAll(option), ([, name = "", value = ""]) => [name, value]));
  if (options.size === 0) return undefined;
  const isOn = (name: string): boolean => options.get(name) === "y";
  const modules = (options.get("CONFIG_LSM") ?? "").replaceAll('"', "").split(",");
  return {
    landlock: isOn("CONFIG_SECURITY_LANDLOCK") && modules.includes("landlock"),
    first: modules[0] === "landlock",
    audit: isOn("CONFIG_AUDIT"),
    seccompFilter: isOn("CONFIG_SECCOMP_FILTER"),
  };
}

const option = /^(CONFIG_[A-Za-z0-9_]+)=(.*?)\r?$/gm;

/** What is known of a node's guest kernel; each may be missing. */
export interface KernelEvidence {
  readonly kataVersion?: string | undefined;
  /** The configuration of the very kernel that the QEMU configuration names. */
  readonly configText?: string | undefined;
}

/** `because` is one clause for a person. Unknown is to be treated as lacking, and said. */
export interface KernelVerdict {
  readonly landlock: "in force" | "lacking" | "unknown";
  readonly because: string;
}

/** Whether Kata's own kernel can stay: its configuration decides where there is one, because a node may have any kernel. */
export function judgeStockKernel({ kataVersion, configText }: KernelEvidence): KernelVerdict {
  const kernel = configText === undefined ? undefined : readKernelConfig(configText);
  if (kernel !== undefined) {
    return kernel.landlock
      ? {
          landlock: "in force",
          because: "its configuration has CONFIG_SECURITY_LANDLOCK=y, and landlock in CONFIG_LSM",
        }
      : { landlock: "lacking", because: "its configuration has no Landlock, or does not name it in CONFIG_LSM" };
  }
  const stock = kataVersion === undefined ? undefined : stockKernelHasLandlock(kataVersion);
  if (stock === undefined) {
    const found = kataVersion === undefined ? "Kata's version is not known" : `${kataVersion} is no version of Kata`;
    return { landlock: "unknown", because: `its configuration was not found, and ${found}` };
  }
  return stock
    ? { landlock: "in force", because: `Kata ${kataVersion} has it (from ${firstKataWithLandlock} on)` }
    : { landlock: "lacking", because: `Kata ${kataVersion} is older than ${firstKataWithLandlock}` };
}
