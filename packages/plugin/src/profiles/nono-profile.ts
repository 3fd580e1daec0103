import { messageOf } from "../errors.ts";
import type { InstalledProfile } from "../policy/inputs.ts";
import { brokenProfile } from "./manifest.ts";

/**
 * Reads what the plugin needs of a profile in nono's own format, which upstream nono resolves inside the container. One
 * whose meaning the pod or the image could change there is broken, and so is one that `nono wrap` would not enforce.
 * Never throws.
 */
export function readNonoProfile(text: string): InstalledProfile {
  try {
    const profile: unknown = JSON.parse(text);
    if (!isObject(profile)) return brokenProfile("it is no object");
    const wrong = findWrong(profile);
    return wrong === undefined ? { ...PROFILE, restrictsTcp: restrictsTcp(profile["network"]) } : brokenProfile(wrong);
  } catch (error) {
    return brokenProfile(messageOf(error));
  }
}

/** A volume is granted where the profile's own paths cover it, and nothing can be taken out of what they cover. */
const PROFILE: InstalledProfile = {
  volumes: "none",
  configVolumes: false,
  projectedVolumes: false,
  literalExceptions: ["/"],
  restrictsTcp: false,
  broken: undefined,
  barrier: undefined,
};

/** `nono wrap` has no proxy and no supervisor. */
const NEEDS_PROXY =
  "network_profile allow_domain deny_domain credentials custom_credentials upstream_proxy tls_intercept listen_port".split(
    " ",
  );

function findWrong(profile: Record<string, unknown>): string | undefined {
  if (profile["extends"] !== undefined) {
    return 'it has "extends", which nono looks up in the home directory of the image: write the profile out';
  }
  const { workdir, network } = profile;
  const isForWorkdir = isObject(workdir) && workdir["access"] !== undefined && workdir["access"] !== "none";
  if (isForWorkdir || JSON.stringify(profile).includes("$WORKDIR")) {
    return "it grants the working directory, which the pod chooses and nono does not judge";
  }
  const key = isObject(network) ? NEEDS_PROXY.find((name) => isSet(network[name])) : undefined;
  return key && `network.${key} is not enforced by nono wrap`;
}

function restrictsTcp(network: unknown): boolean {
  if (!isObject(network)) return false;
  return Object.entries(network).some(([key, value]) => /^block$|_port(_range)?$/.test(key) && isSet(value));
}

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : true;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
