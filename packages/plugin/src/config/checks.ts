import { KubefenceError } from "../errors.ts";
import { KATA_ANNOTATION_PREFIX } from "../kata/annotations.ts";
import { POLICY_ANNOTATIONS } from "../kata/guest-policy.ts";
import { cleanPath } from "../policy/clean-path.ts";
import { isProfileName, PROFILE_NAME_PATTERN } from "../policy/profile-name.ts";
import { isPolicyName } from "../seccomp/document.ts";
import type { Configuration } from "./configuration.ts";
import { checkLauncherForm } from "./launcher-form.ts";

/** Returns what is wrong, without the prefix `config: `, or undefined. */
type Check = (configuration: Configuration) => string | undefined;

/** Checked in this order; the first that fails ends the start-up. The first five are the original's, in its words. */
const checks: Readonly<Record<string, Check>> = {
  runtimeClassesNotEmpty: ({ runtimeClasses }) =>
    runtimeClasses.length === 0 ? "runtime_classes must not be empty" : undefined,

  defaultProfileIsAName: ({ defaultProfile }) =>
    isProfileName(defaultProfile)
      ? undefined
      : `default_profile ${JSON.stringify(defaultProfile)} is invalid: must match ${PROFILE_NAME_PATTERN}`,

  binPathUnlessVirtualMachines: ({ nonoBinPath, runtimeClasses, vmRootfsClasses }) => {
    const uncovered = runtimeClasses.find((name) => !vmRootfsClasses.includes(name));
    return nonoBinPath === "" && uncovered !== undefined
      ? `nono_bin_path must not be empty when bind-mount delivery is used (handler ${JSON.stringify(uncovered)} is not in vm_rootfs_classes)`
      : undefined;
  },

  binPathAbsolute: ({ nonoBinPath }) =>
    nonoBinPath === "" || nonoBinPath.startsWith("/")
      ? undefined
      : `nono_bin_path ${JSON.stringify(nonoBinPath)} must be an absolute path`,

  seccompProfileKnown: ({ seccompProfile }) =>
    seccompProfile === "" || isPolicyName(seccompProfile)
      ? undefined
      : `seccomp_profile ${JSON.stringify(seccompProfile)} is invalid: must be "runtime-default", "restricted", ` +
        `"original-runtime-default", "original-restricted", or empty`,

  launcherForm: checkLauncherForm,

  profileSetKnown: ({ profileSet, launcher }) => {
    if (!["kubefence", "nono"].includes(profileSet)) {
      return `profile_set ${JSON.stringify(profileSet)} is invalid: must be "kubefence" or "nono"`;
    }
    return profileSet === "nono" && launcher !== "kubefence"
      ? `profile_set = "nono" needs launcher = "kubefence", and it is ${JSON.stringify(launcher)}: other launchers have profiles of their own`
      : undefined;
  },

  binPathInDirectoryOfItsOwn: ({ nonoBinPath }) => {
    if (nonoBinPath === "") return undefined;
    const directory = cleanPath(`${nonoBinPath}/..`);
    return isSystemDirectory(directory)
      ? `nono_bin_path ${JSON.stringify(nonoBinPath)} is in ${JSON.stringify(directory)}, which would be mounted into every sandboxed container: ` +
          `put the launcher into a directory of its own, such as /opt/nono-nri`
      : undefined;
  },

  invalidProfileKnown: ({ invalidProfile }) =>
    ["default", "refuse"].includes(invalidProfile)
      ? undefined
      : `invalid_profile ${JSON.stringify(invalidProfile)} is invalid: must be "default" or "refuse"`,

  allowedProfilesAreNames: ({ allowedProfiles }) => {
    for (const [namespace, names] of allowedProfiles ?? []) {
      const wrong = names.find((name) => !isProfileName(name));
      if (wrong !== undefined) {
        return `allowed_profiles.${JSON.stringify(namespace)} has ${JSON.stringify(wrong)}: must match ${PROFILE_NAME_PATTERN}`;
      }
    }
    return undefined;
  },

  execPolicyKnown: ({ execPolicy, execPolicyByNamespace }) => {
    const policies: [string, string][] = [
      ["exec_policy", execPolicy],
      ...[...execPolicyByNamespace].map(([namespace, policy]): [string, string] => [
        `exec_policy_by_namespace.${JSON.stringify(namespace)}`,
        policy,
      ]),
    ];
    const wrong = policies.find(([, policy]) => !["sandbox", "deny", "allow"].includes(policy));
    return wrong && `${wrong[0]} ${JSON.stringify(wrong[1])} is invalid: must be "sandbox", "deny" or "allow"`;
  },

  kataClassesAreOurs: ({ kataClasses, runtimeClasses }) => {
    const foreign = kataClasses.find((name) => !runtimeClasses.includes(name));
    return foreign === undefined
      ? undefined
      : `kata_classes has ${JSON.stringify(foreign)}, which is not in runtime_classes: its pods would not be sandboxed at all`;
  },

  kataAnnotationsAreKatas: ({ kataAnnotations }) => {
    const wrong = kataAnnotations.find(
      (name) => !name.startsWith(KATA_ANNOTATION_PREFIX) || POLICY_ANNOTATIONS.has(name),
    );
    return wrong === undefined
      ? undefined
      : `kata_annotations has ${JSON.stringify(wrong)}: must begin with ${KATA_ANNOTATION_PREFIX}, and policies are listed in kata_policy_sha256`;
  },

  kataPolicyDigests: ({ kataPolicySha256 }) => {
    const wrong = kataPolicySha256.find((digest) => !/^[0-9a-f]{64}$/.test(digest));
    return wrong === undefined
      ? undefined
      : `kata_policy_sha256 has ${JSON.stringify(wrong)}: must be 64 digits of lower-case hexadecimal, as sha256sum prints them`;
  },

  landlockAbiPositive: ({ minLandlockAbi }) =>
    minLandlockAbi >= 1 ? undefined : `min_landlock_abi ${minLandlockAbi} is invalid: must be 1 or more`,

  kubeletRootAbsolute: ({ kubeletRoot }) => absolute("kubelet_root", kubeletRoot),

  stateDirectoryAbsolute: ({ stateDirectory }) => absolute("state_directory", stateDirectory),
};

/** Throws CONFIG_INVALID with the first failed check's message. */
export function checkConfiguration(configuration: Configuration): void {
  for (const check of Object.values(checks)) {
    const problem = check(configuration);
    if (problem !== undefined) throw new KubefenceError("CONFIG_INVALID", `config: ${problem}`);
  }
}

function absolute(key: string, path: string): string | undefined {
  return path.startsWith("/") && path !== "/" ? undefined : `${key} ${JSON.stringify(path)} must be an absolute path`;
}

const SYSTEM_DIRECTORIES = new Set(
  (
    "/ /bin /boot /dev /etc /home /lib /lib32 /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var " +
    "/usr/bin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/local /usr/local/bin /usr/local/lib /usr/local/sbin /usr/sbin /usr/share " +
    "/opt/bin /opt/nri /opt/nri/plugins /etc/nri /etc/nri/conf.d /var/cache /var/lib /var/lib/kubelet /var/lib/containerd /var/log /var/run /var/spool /var/tmp"
  ).split(" "),
);

/** Mounting one of these would show the host's files in every sandboxed container. */
function isSystemDirectory(directory: string): boolean {
  return SYSTEM_DIRECTORIES.has(directory) || /^\/(?:dev|proc|sys)\//.test(directory);
}
