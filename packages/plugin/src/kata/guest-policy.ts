import type { Refusal } from "../policy/inputs.ts";

/** Annotations that bring a policy into the guest: as it is, or among the initdata of confidential guests. Both are base64. */
export const POLICY_ANNOTATIONS: ReadonlySet<string> = new Set([
  "io.katacontainers.config.agent.policy",
  "io.katacontainers.config.hypervisor.cc_init_data",
]);

/** Base64 as every decoder reads it, so that what we hash is what the guest gets. */
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** A refusal unless the SHA-256 of what the annotation holds, decoded, is on the operator's list. */
export function findUnlistedPolicy(name: string, value: string, digests: ReadonlySet<string>): Refusal | undefined {
  if (!CANONICAL_BASE64.test(value)) {
    return refused(`the pod's annotation ${JSON.stringify(name)} is not base64 in its canonical form`);
  }
  const digest = sha256(Buffer.from(value, "base64"));
  if (digests.has(digest)) return undefined;
  return refused(
    `the pod's annotation ${JSON.stringify(name)} brings a guest policy with the SHA-256 ${digest}, which is not among kata_policy_sha256`,
  );
}

function refused(what: string): Refusal {
  return { code: "KATA_POLICY_REFUSED", what };
}

/** Loaded by the first pod that needs it: OpenSSL is megabytes that the daemon does without. */
function sha256(bytes: Uint8Array): string {
  return process.getBuiltinModule("node:crypto").hash("sha256", bytes, "hex");
}
