/*
 * Errors of `kubefence node`: stable codes, what they mean, what to do when the message does not know better. Part of
 * docs/reference/errors.md.
 */
export const nodeErrors = {
  KF_NODE_NOT_ROOT: { meaning: "The command writes to the node and does not run as root.", action: "run it as root" },
  KF_NODE_RUNTIME_MISSING: {
    meaning: "Neither containerd nor CRI-O was found on the node.",
    action: "name the program with --runtime-binary and its configuration with --config",
  },
  KF_NODE_RUNTIME_TOO_OLD: {
    meaning: "The container runtime ignores changes of a container's command, so nothing would be sandboxed.",
    action: "upgrade it to containerd 2.2.0 or later, or CRI-O 1.35.0 or later",
  },
  KF_NODE_RUNTIME_REFUSES: {
    meaning: "The runtime's own parser does not take its configuration.",
    action: "correct the configuration; the runtime would not start with it either",
  },
  KF_NODE_TOML: {
    meaning: "A configuration file cannot be edited without risk.",
    action: "add by hand what the message names, and run the command again",
  },
  KF_NODE_CRI_DISABLED: {
    meaning: "containerd's CRI plugin is disabled, so Kubernetes does not use this containerd.",
    action: "take cri out of disabled_plugins in containerd's configuration",
  },
  KF_NODE_NRI_DISABLED: {
    meaning: "containerd's NRI plugin is in disabled_plugins; no drop-in can take it out.",
    action: "take io.containerd.nri.v1.nri out of disabled_plugins in containerd's configuration",
  },
  KF_NODE_BASE_HANDLER: {
    meaning: "The runtime has no handler of type runc whose options ours could have.",
    action: "configure the handler runc",
  },
  KF_NODE_OVERRIDDEN: {
    meaning: "Another file undoes what our drop-in says.",
    action: "remove it from the file that the message names",
  },
  KF_NODE_SIDE_EFFECT: {
    meaning: "With our drop-in, something else of the runtime's configuration would change too.",
    action: "add by hand what the message names, and run the command again",
  },
  KF_NODE_BY_HAND: {
    meaning: "The system keeps its configuration read-only or writes it anew at each start.",
    action: "configure it as the message says",
  },
  KF_NODE_STATIC_PODS: {
    meaning: "required_plugins would refuse static pods of the node while the plugin is away.",
    action: "give each of them the annotation that the message names, or leave out --require-plugin",
  },
  KF_NODE_RELEASE: {
    meaning: "A file of the release is missing or unusable.",
    action: "name the directory of the release with --release",
  },
  KF_NODE_KERNEL: {
    meaning: "The launcher's self-test shows that the kernel does not enforce Landlock.",
    action: "use a kernel with Landlock in its lsm= list",
  },
  KF_NODE_READ: { meaning: "Something on the node cannot be read.", action: "check path and permissions" },
  KF_NODE_WRITE: {
    meaning:
      "A file cannot be written: full disk, read-only file system, or rights. What was changed before it was put back.",
    action: "make room, or mount it writable, and run the command again",
  },
  KF_NODE_LOCKED: {
    meaning: "Another kubefence node command changes this node now.",
    action: "wait for it",
  },
  KF_NODE_CHANGED: {
    meaning: "Somebody changed a file after us, so it is neither overwritten nor restored.",
    action: "compare it with the back-up that the message names, and move one of them away",
  },
  KF_NODE_STATE: {
    meaning: "What an earlier run noted cannot be read, or a back-up is missing.",
    action: "move the state directory away when you have put the files back by hand",
  },
  KF_NODE_RESTART: {
    meaning: "The runtime did not come back with the handler after its restart.",
    action: "look at the runtime's log",
  },
  KF_NODE_NO_RESTART: {
    meaning: "The runtime has to be restarted, and this command cannot do that here.",
    action: "restart it, and run the command again",
  },
  KF_NODE_SELF_TEST: {
    meaning: "A container of the handler did not start after the set-up.",
    action: "the message has the runtime's or nono-runc's error; docs/reference/nono-runc.md has the codes",
  },
  KF_NODE_IN_USE: {
    meaning: "Sandboxed pods run on the node; without the handler they could neither be entered nor restarted.",
    action: "drain the node, or use --force: what they need then stays until a later run",
  },
  KF_NODE_NOT_READY: {
    meaning: "kubefence node check found something that keeps sandboxed pods from starting.",
    action: "the table says what to do for each row",
  },
  KF_KATA_MISSING: {
    meaning: "Kata Containers is not on the node, or the container runtime has no handler of Kata's.",
    action: "install Kata (kata-deploy), or name its configuration with --qemu-config",
  },
  KF_KATA_CONFIG: {
    meaning: "Kata's QEMU configuration, or a file of its config.d, cannot be read as such.",
    action: "correct it; Kata would not start with it either",
  },
  KF_KATA_IMAGE: {
    meaning: "The guest image was made for another version of Kata, whose agent this one's runtime does not know.",
    action: "give the image of this version",
  },
  KF_KATA_FILE: {
    meaning: "A guest kernel or guest image that was given cannot be read, or is empty.",
    action: "name a file with --kernel or --image",
  },
  KF_NODE_NOT_REACHED: {
    meaning: "Node set-up was not taken back on every node; the lines above say why for each.",
    action:
      "drain the nodes on which sandboxed pods run, bring back those that do not answer, and run helm uninstall again; with --no-hooks they are left as they are",
  },
} as const;

export type NodeErrorCode = keyof typeof nodeErrors;

/** Why the node is not set up, or not as asked. */
export interface NodeProblem {
  readonly code: NodeErrorCode;
  /** The file, or the part of the node. */
  readonly where: string;
  readonly what: string;
  /** What to do; the table's action when absent. */
  readonly action?: string | undefined;
  /** Lines to put into a file by hand. */
  readonly lines?: string | undefined;
}

/** One problem or more, thrown; `code` is the first one's. */
export class NodeError extends Error {
  override readonly name: string = "NodeError";
  readonly code: NodeErrorCode;
  readonly problems: readonly NodeProblem[];

  constructor(problems: readonly [NodeProblem, ...NodeProblem[]], options?: ErrorOptions) {
    super(problems.map(describeNodeProblem).join("\n"), options);
    this.code = problems[0].code;
    this.problems = problems;
  }
}

/** Shorthand for one problem. */
export function nodeError(
  code: NodeErrorCode,
  where: string,
  what: string,
  rest: Pick<NodeProblem, "action" | "lines"> & ErrorOptions = {},
): NodeError {
  const { cause, ...problem } = rest;
  return new NodeError([{ code, where, what, ...problem }], { cause });
}

/** `CODE: where: what; what to do`, and the lines to add, indented, below it. */
export function describeNodeProblem({ code, where, what, action, lines }: NodeProblem): string {
  const first = `${code}: ${where}: ${what}; ${action ?? nodeErrors[code].action}`;
  return lines === undefined ? first : `${first}\n${lines.trimEnd().replaceAll(/^(?=.)/gm, "    ")}`;
}
