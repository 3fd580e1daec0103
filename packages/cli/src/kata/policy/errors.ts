/*
 * Errors of `kubefence kata policy`: stable codes, what they mean, what to do. Part of docs/reference/errors.md.
 */

export const kataPolicyErrors = {
  KF_KATA_POLICY_READ: {
    meaning: "A file that is to go into the policy cannot be read, or is not UTF-8.",
    action: "check path and permissions",
  },
  KF_KATA_POLICY_MANIFEST: {
    meaning: "The file is no Kubernetes manifest, or none that has pods.",
    action: "name a manifest of pods, or of what makes them: Deployment, StatefulSet, DaemonSet, Job, CronJob",
  },
  KF_KATA_POLICY_COMMAND: {
    meaning: "The command of a probe or hook cannot be what it is in the manifest.",
    action: "correct the manifest: a command is a list of texts, the first not empty, none with a NUL",
  },
  KF_KATA_POLICY_WRITE: {
    meaning: "The policy cannot be written. The file that was there is unchanged.",
    action: "check the directory and its permissions",
  },
} as const;

/** Why no policy is made. */
export class KataPolicyError extends Error {
  override readonly name: string = "KataPolicyError";
  readonly code: keyof typeof kataPolicyErrors;

  /** `where` names the file, and the place in it. */
  constructor(code: keyof typeof kataPolicyErrors, where: string, what: string, options?: ErrorOptions) {
    super(`${code}: ${where}: ${what}; ${kataPolicyErrors[code].action}`, options);
    this.code = code;
  }
}
