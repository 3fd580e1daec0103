import type { Configuration } from "../config/configuration.ts";

/** What the configuration says of pods that run in virtual machines of Kata Containers. */
export interface KataRules {
  /** Those of our handlers behind which Kata stands. */
  readonly classes: ReadonlySet<string>;
  /** Annotations for Kata that the operator admits beyond the harmless ones. */
  readonly annotations: ReadonlySet<string>;
  /** SHA-256, in lower-case hexadecimal, of the guest policies and initdata that a pod may bring. */
  readonly policyDigests: ReadonlySet<string>;
}

/** kata-deploy's handlers are kata-qemu, kata-clh and so on; ours is kata-nono-qemu. Others are named in kata_classes. */
const KATA_PREFIX = "kata";

export function kataRules(configuration: Configuration): KataRules {
  const { runtimeClasses, vmRootfsClasses, kataClasses, kataAnnotations, kataPolicySha256 } = configuration;
  const named = new Set([...vmRootfsClasses, ...kataClasses]);
  return {
    classes: new Set(runtimeClasses.filter((name) => name.startsWith(KATA_PREFIX) || named.has(name))),
    annotations: new Set(kataAnnotations),
    policyDigests: new Set(kataPolicySha256),
  };
}

/** True on a node whose own kernel sandboxes nothing: Landlock is then the guests' affair alone. */
export function isForGuestsOnly(configuration: Configuration): boolean {
  const { classes } = kataRules(configuration);
  return configuration.runtimeClasses.every((name) => classes.has(name));
}
