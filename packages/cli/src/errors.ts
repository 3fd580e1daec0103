/*
 * Every error of the command line: a stable code, what it means, what to do when the message does not know better. The
 * tables are also part of docs/reference/errors.md. Codes are never renamed; the place that raises one names the value.
 */

/** Errors in the source of a profile, or in what it refers to. They end `kubefence` with exit code 1. */
export const profileErrors = {
  KF_PROFILE_NOT_FOUND: {
    meaning:
      "No profile of that name: not a built-in, not beside the file that names it, not in the installed directory.",
    action: "run kubefence profile list to see the names",
  },
  KF_PROFILE_NAME: {
    meaning: "The name is no profile name, or meta.name is not the name of the file.",
    action: "use 1 to 64 letters, digits, _ and -, beginning with a letter or digit; name the file NAME.json",
  },
  KF_PROFILE_READ: {
    meaning: "The file cannot be read, or is larger than 1 MiB.",
    action: "check the path and its permissions",
  },
  KF_PROFILE_SYNTAX: {
    meaning: "The file is not JSON in UTF-8 (comments and trailing commas are allowed), or is nested too deeply.",
    action: "correct the file at the line that the message names",
  },
  KF_PROFILE_DUPLICATE_KEY: {
    meaning: "A key stands twice in one object; readers of JSON disagree on which one counts.",
    action: "leave one of the two",
  },
  KF_PROFILE_UNKNOWN_KEY: {
    meaning: "The profile has a key that nono's profile format and Kubefence do not know.",
    action: "correct the spelling; docs/reference/profile-format.md lists all keys",
  },
  KF_PROFILE_VALUE: {
    meaning: "A value has the wrong type or is out of range.",
    action: "docs/reference/profile-format.md says what each key takes",
  },
  KF_PROFILE_UNSUPPORTED: {
    meaning: "The profile asks for something that Kubefence cannot enforce or provide.",
    action: "remove the key; docs/reference/profile-format.md says what there is instead",
  },
  KF_PROFILE_EXTENDS: {
    meaning: "The chain of extends is a circle, or longer than 10.",
    action: "break the circle, or shorten the chain",
  },
  KF_PROFILE_GROUP: {
    meaning: "A group does not exist, or is required and was excluded.",
    action: "docs/reference/profile-format.md lists our groups; --nono-data FILE adds nono's own",
  },
  KF_PROFILE_PATH: {
    meaning: "A path is not absolute, climbs with .., or has characters that no path of a profile may have.",
    action: "write it absolute, or begin it with $HOME, $WORKDIR or ~",
  },
  KF_PROFILE_PATTERN: {
    meaning: "A path has a wildcard other than * within one component.",
    action: "use * for part of one component; a directory is always meant with everything in it",
  },
  KF_PROFILE_VARIABLE: {
    meaning: "A path has a variable that does not exist in a container, or at a place where it cannot stand.",
    action: "use $HOME, $WORKDIR, $TMPDIR or $XDG_…_HOME at the beginning, or $UID anywhere",
  },
  KF_PROFILE_WHEN: {
    meaning:
      "A when condition depends on something that is unknown when the profile is compiled, such as a distribution.",
    action: "use linux, macos, windows or their negation with !",
  },
  KF_PROFILE_FORBIDDEN: {
    meaning: "A grant reaches into /nono, where the launcher and the profiles are; or an exception covers it.",
    action: "name narrower paths",
  },
  KF_PROFILE_EXCEPTION: {
    meaning: "An exception is to be lifted that does not exist, or only in part.",
    action: "name an exception as kubefence profile show prints it",
  },
  KF_PROFILE_PORT: {
    meaning: "There are more than 1024 ports, or a range is none.",
    action: "list the ports that are needed",
  },
  KF_PROFILE_WRITE: {
    meaning: "The compiled manifest cannot be written. The file that was there is unchanged.",
    action: "check the directory and its permissions",
  },
} as const;

/** Errors in a compiled manifest. The plugin finds them too, when it reads the installed profiles. */
export const manifestErrors = {
  KF_MANIFEST_SYNTAX: {
    meaning: "An installed manifest is not JSON.",
    action: "compile it again with kubefence profile compile",
  },
  KF_MANIFEST_TOO_LARGE: {
    meaning: "An installed manifest is larger than 1 MiB.",
    action: "compile a smaller profile",
  },
  KF_MANIFEST_INVALID: {
    meaning: "A manifest has a member that is not known, or a value that is not allowed; the launcher would refuse it.",
    action: "compile it again with kubefence profile compile of this version",
  },
  KF_MANIFEST_UNSUPPORTED: {
    meaning: "A manifest asks for something that the launcher cannot enforce.",
    action: "remove the member, or compile the profile with kubefence profile compile",
  },
} as const;

/** Errors of `kubefence runtime-config`. */
export const runtimeConfigErrors = {
  KF_RUNTIME_SETTINGS: {
    meaning: "The plugin's configuration cannot be used.",
    action: "correct it; docs/reference/configuration.md lists all keys",
  },
  KF_RUNTIME_OTHER_LAUNCHER: {
    meaning: "The plugin's configuration names a launcher that is not ours, whose command line nono-runc cannot check.",
    action:
      'use launcher = "kubefence", or give the handler no nono-runc; docs/reference/launchers.md says what is lost then',
  },
  KF_RUNTIME_PROGRAM: {
    meaning: "The real runtime is not there, is no program, is nono-runc itself, or others than root can write it.",
    action: "name runc or crun with --runtime",
  },
  KF_RUNTIME_LAUNCHER: {
    meaning: "A launcher cannot be read, or the plugin would not trust it.",
    action: "install the release's launcher, owned by root and not writable by others",
  },
  KF_RUNTIME_PROFILE: {
    meaning: "An installed profile cannot be used, or its manifest is not stored under its digest.",
    action: "compile the profiles again with kubefence profile compile -o",
  },
} as const;

/** Errors of `kubefence install-launcher`. */
export const installErrors = {
  KF_INSTALL_RELEASE: {
    meaning: "The launcher or the profiles that are to be installed cannot be read.",
    action: "name the directory of the release with --release",
  },
  KF_INSTALL_WRITE: {
    meaning: "The launcher's directory cannot be written. A launcher that was there is unchanged.",
    action: "make the directory writable for root, or choose another one with the value hostPaths.nonoHostDir",
  },
} as const;

export type ProfileErrorCode = keyof typeof profileErrors;
export type ManifestErrorCode = keyof typeof manifestErrors;

/** One thing that is wrong with a profile. `where` names the profile, and its key where there is one. */
export interface Problem {
  readonly code: ProfileErrorCode;
  readonly where: string;
  readonly message: string;
  /** What to do; the table's action when absent. */
  readonly hint?: string | undefined;
}

/** The only error that compiling throws. It carries every problem found, at least one; `code` is the first one's. */
export class ProfileError extends Error {
  override readonly name: string = "ProfileError";
  readonly code: ProfileErrorCode;
  readonly problems: readonly Problem[];

  constructor(problems: readonly [Problem, ...Problem[]], options?: ErrorOptions) {
    super(problems.map(describeProblem).join("\n"), options);
    this.code = problems[0].code;
    this.problems = problems;
  }
}

/** Why no configuration for nono-runc is written. */
export class RuntimeConfigError extends Error {
  override readonly name: string = "RuntimeConfigError";
  readonly code: keyof typeof runtimeConfigErrors;

  /** `where` names the file at fault; `action` where the code's own is not good enough. */
  constructor(
    code: keyof typeof runtimeConfigErrors,
    where: string,
    what: string,
    action: string = runtimeConfigErrors[code].action,
    options?: ErrorOptions,
  ) {
    super(`${code}: ${where}: ${what}; ${action}`, options);
    this.code = code;
  }
}

/** Why no launcher is installed. */
export class InstallError extends Error {
  override readonly name: string = "InstallError";
  readonly code: keyof typeof installErrors;

  /** `where` names the file at fault. */
  constructor(code: keyof typeof installErrors, where: string, what: string, options?: ErrorOptions) {
    super(`${code}: ${where}: ${what}; ${installErrors[code].action}`, options);
    this.code = code;
  }
}

/** `CODE: where: what and why; what to do`, on one line. */
export function describeProblem(problem: Problem): string {
  return `${problem.code}: ${problem.where}: ${problem.message}; ${problem.hint ?? profileErrors[problem.code].action}`;
}
