import type { Refusal } from "../policy/inputs.ts";
import { findUnlistedPolicy, POLICY_ANNOTATIONS } from "./guest-policy.ts";
import type { KataRules } from "./rules.ts";

/** Whatever a pod tells Kata begins so. */
export const KATA_ANNOTATION_PREFIX = "io.katacontainers.";

/**
 * What a pod may tell Kata because it changes neither guest, policy nor launcher: sizes and time-outs. Everything else is
 * refused, known or not, so that an annotation that Kata learns tomorrow is no way around the sandbox.
 * https://github.com/kata-containers/kata-containers/blob/main/docs/how-to/how-to-set-sandbox-config-kata.md
 */
export const HARMLESS_KATA_ANNOTATIONS: readonly string[] = [
  "io.katacontainers.config.hypervisor.default_vcpus",
  "io.katacontainers.config.hypervisor.default_max_vcpus",
  "io.katacontainers.config.hypervisor.default_memory",
  "io.katacontainers.config.runtime.create_container_timeout",
  "io.katacontainers.container.resource.swappiness",
  "io.katacontainers.container.resource.swap_in_bytes",
];

const GUEST_SECCOMP = "io.katacontainers.config.runtime.disable_guest_seccomp";

/** Why those that people use are refused; for the others it is enough that they are not known to be harmless. */
const REASONS: readonly (readonly [start: string, reason: string])[] = [
  ["io.katacontainers.config_path", "replaces Kata's configuration, and with it the guest's kernel, image and policy"],
  ["io.katacontainers.pkg.oci.", "is Kata's own record of what a container is"],
  ["io.katacontainers.config.hypervisor.kernel_params", "changes the guest kernel's command line, Landlock's included"],
  ["io.katacontainers.config.hypervisor.kernel", "replaces the guest's kernel"],
  ["io.katacontainers.config.hypervisor.image", "replaces the guest's image, and with it the policy"],
  ["io.katacontainers.config.hypervisor.initrd", "replaces the guest's image, and with it the policy"],
  ["io.katacontainers.config.hypervisor.guest_hook_path", "runs programs in the guest outside the sandbox"],
  ["io.katacontainers.config.agent.kernel_modules", "loads modules into the guest's kernel"],
];

/** What of a Kata pod's annotations would weaken its sandbox, or undefined. */
export function findAnnotationConflict(
  annotations: ReadonlyMap<string, string>,
  rules: KataRules,
): Refusal | undefined {
  for (const [name, value] of annotations) {
    const conflict = judge(name, value, rules);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

function judge(name: string, value: string, rules: KataRules): Refusal | undefined {
  if (!name.startsWith(KATA_ANNOTATION_PREFIX)) return undefined;
  if (POLICY_ANNOTATIONS.has(name)) return findUnlistedPolicy(name, value, rules.policyDigests);
  if (HARMLESS_KATA_ANNOTATIONS.includes(name) || rules.annotations.has(name)) return undefined;
  if (name === GUEST_SECCOMP) {
    return value === "false" ? undefined : refused(name, 'switches the guest\'s seccomp off; only "false" is admitted');
  }
  const [, reason = "is not known to leave the sandbox as it is"] =
    REASONS.find(([start]) => name.startsWith(start)) ?? [];
  return refused(name, reason);
}

function refused(name: string, reason: string): Refusal {
  return { code: "KATA_ANNOTATION_REFUSED", what: `the pod's annotation ${JSON.stringify(name)} ${reason}` };
}
