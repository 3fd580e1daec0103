import { machine, release } from "node:os";
import { KubefenceError } from "../errors.ts";
import { SeccompDelivery } from "./delivery.ts";
import { isPolicyName } from "./document.ts";
import { policies } from "./generated/policies.ts";
import { policyFilter } from "./policy.ts";

/** The policy of that name, prepared for this machine; undefined for "". Throws CONFIG_INVALID where there is none for it. */
export function openSeccomp(name: string): SeccompDelivery | undefined {
  if (!isPolicyName(name)) return undefined;
  const architecture = machine();
  if (architecture !== "x86_64" && architecture !== "aarch64") {
    throw new KubefenceError(
      "CONFIG_INVALID",
      `config: seccomp_profile ${JSON.stringify(name)} is not made for ${architecture}: only for x86_64 and aarch64`,
    );
  }
  return new SeccompDelivery(name, policyFilter(policies[name](), { architecture, kernel: release() }));
}
