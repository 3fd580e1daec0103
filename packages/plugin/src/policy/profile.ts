import type { Configuration } from "../config/configuration.ts";
import { findBarrier } from "./reach.ts";
import type { ContainerInput, InstalledProfile, PodInput, Refusal } from "./inputs.ts";
import { isProfileName, PROFILE_ANNOTATION, PROFILE_NAME_PATTERN } from "./profile-name.ts";

/** The profiles of the node, by name. */
export type InstalledProfiles = ReadonlyMap<string, InstalledProfile>;

/** Which profile a pod asks for. `ignoredAnnotation` is a value that is no name; the default profile takes its place. */
export interface ProfileChoice {
  readonly name: string;
  readonly ignoredAnnotation: string | undefined;
}

/** The lowest Landlock ABI that has TCP rules. */
const TCP_ABI = 4;

/** The annotation's profile, or the default one; a refusal for a malformed annotation where the configuration says so. */
export function chooseProfile(pod: PodInput, configuration: Configuration): ProfileChoice | Refusal {
  const annotation = pod.annotation(PROFILE_ANNOTATION);
  if (annotation === undefined) return { name: configuration.defaultProfile, ignoredAnnotation: undefined };
  if (isProfileName(annotation)) return { name: annotation, ignoredAnnotation: undefined };
  if (configuration.invalidProfile === "default")
    return { name: configuration.defaultProfile, ignoredAnnotation: annotation };
  return {
    code: "PROFILE_NAME_INVALID",
    what: `the annotation ${PROFILE_ANNOTATION} is ${JSON.stringify(annotation.slice(0, 100))}, which does not match ${PROFILE_NAME_PATTERN}`,
  };
}

/** The installed profile of that name, if the namespace may use it and it can be used on this node. */
export function findProfile(
  name: string,
  pod: PodInput,
  container: ContainerInput,
  configuration: Configuration,
  installed: InstalledProfiles,
  abi: number,
): InstalledProfile | Refusal {
  const allowed = allowedIn(pod.namespace, configuration);
  if (allowed !== undefined && !allowed.includes(name)) {
    return {
      code: "PROFILE_NOT_ALLOWED",
      what: `namespace ${JSON.stringify(pod.namespace)} may not use profile ${JSON.stringify(name)}`,
      action: choices(usable(installed, allowed), "or ask the cluster's operator to allow it (allowed_profiles)"),
    };
  }
  const profile = installed.get(name);
  if (profile === undefined) {
    return {
      code: "PROFILE_NOT_INSTALLED",
      what: `profile ${JSON.stringify(name)} is not installed on this node`,
      action: choices(usable(installed, allowed), "or have it installed"),
    };
  }
  if (profile.broken !== undefined) {
    return { code: "PROFILE_BROKEN", what: `profile ${JSON.stringify(name)} cannot be used: ${profile.broken}` };
  }
  if (profile.restrictsTcp && abi < TCP_ABI) {
    return {
      code: "PROFILE_NEEDS_ABI",
      what: `profile ${JSON.stringify(name)} restricts TCP, which needs Landlock ABI ${TCP_ABI}; this node's kernel has ABI ${abi}`,
    };
  }
  return (profile.barrier && findBarrier(container, [profile.barrier])) ?? profile;
}

function allowedIn(namespace: string, { allowedProfiles }: Configuration): readonly string[] | undefined {
  return allowedProfiles && (allowedProfiles.get(namespace) ?? allowedProfiles.get("*") ?? []);
}

function usable(installed: InstalledProfiles, allowed: readonly string[] | undefined): string[] {
  return [...installed.keys()].filter((name) => allowed === undefined || allowed.includes(name)).toSorted();
}

function choices(names: readonly string[], otherwise: string): string {
  return names.length === 0
    ? `no profile can be used here; ${otherwise.replace(/^or /, "")}`
    : `use one of ${names.join(", ")} in the annotation ${PROFILE_ANNOTATION}, ${otherwise}`;
}
