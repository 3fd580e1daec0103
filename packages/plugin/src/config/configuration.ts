/** The validated configuration. Paths are clean and absolute. */
export interface Configuration {
  /** Runtime handlers whose pods are sandboxed; compared exactly. */
  readonly runtimeClasses: readonly string[];
  readonly defaultProfile: string;
  /** Path of the launcher, or "" when every class is a VM class. */
  readonly nonoBinPath: string;
  /** A policy's name, or "" for none of ours. */
  readonly seccompProfile: string;
  /** "" means the default socket. */
  readonly socketPath: string;
  readonly vmRootfsClasses: readonly string[];
  /** "default" or "refuse". */
  readonly invalidProfile: string;
  /** Namespace or "*" to profile names; undefined allows every installed profile. */
  readonly allowedProfiles: ReadonlyMap<string, readonly string[]> | undefined;
  readonly minLandlockAbi: number;
  readonly kubeletRoot: string;
  readonly stateDirectory: string;
  readonly pathShims: boolean;
  /** "kubefence" or "nono". */
  readonly profileSet: string;
  /** "kubefence", "nono" or "template". */
  readonly launcher: string;
  /** Profile to arguments, for "template". */
  readonly launcherTemplate: ReadonlyMap<string, readonly string[]>;
  /** Variables that a launcher of "template" obeys: `NAME` or `PREFIX*`. */
  readonly launcherVariables: readonly string[];
  /** "sandbox", "deny" or "allow"; for nono-runc. */
  readonly execPolicy: string;
  /** The same by namespace. */
  readonly execPolicyByNamespace: ReadonlyMap<string, string>;
  /** Those of runtimeClasses with Kata behind them whose name does not say so. */
  readonly kataClasses: readonly string[];
  readonly kataAnnotations: readonly string[];
  /** Lower-case hexadecimal. */
  readonly kataPolicySha256: readonly string[];
}
