/** One Landlock rule as the launcher added it: rights in the kernel's bits and the path they are for. */
export interface Rule {
  readonly access: number;
  readonly path: string;
}

/** What the launcher asked of the kernel on one root. */
export interface Ruleset {
  readonly handled: number;
  /** Flags of landlock_restrict_self; not 0 from ABI 7 on. */
  readonly flags: number;
  readonly rules: readonly Rule[];
}

/** System calls that `strace -y -X raw` has to record for `parseTrace`. */
export const tracedCalls = "landlock_create_ruleset,landlock_add_rule,landlock_restrict_self";

const readDirectory = 1 << 3;
const writeRights = 0xffff & ~0b1101;

/** Reads the rules from a trace of the launcher; throws where the trace shows no ruleset that was enforced. */
export function parseTrace(trace: string): Ruleset {
  const handled = /landlock_create_ruleset\(\{handled_access_fs=(0x[\da-f]+)/u.exec(trace)?.[1];
  const flags = /landlock_restrict_self\([^,]+, (0x[\da-f]+|0)\)\s+= 0/u.exec(trace)?.[1];
  if (handled === undefined || flags === undefined) {
    throw new Error(`the trace shows no ruleset that was enforced: ${JSON.stringify(trace.slice(0, 500))}`);
  }
  const added = trace.matchAll(/allowed_access=(0x[\da-f]+), parent_fd=\d+<([^>]+)>\}, 0\)\s+= 0/gu);
  const rules = Array.from(added, ([, access, path]) => ({ access: Number(access), path: String(path) }));
  return { handled: Number(handled), flags: Number(flags), rules };
}

/** The list that reference.c reads. */
export function formatRules({ handled, flags, rules }: Ruleset): string {
  // ABI 7, the first with flags here, has the scope of abstract sockets (bit 0), which the launcher always sets.
  const scope = flags === 0 ? 0 : 1;
  const lines = rules.map((rule) => `${rule.access.toString(16)} ${rule.path}\n`);
  return `${handled.toString(16)} ${scope} ${flags.toString(16)}\n${lines.join("")}`;
}

/** The same paths as arguments of go-landlock's landlock-restrict, which knows four kinds of rights. */
export function landlockRestrictArgs({ rules }: Ruleset): string[] {
  const paths = (directory: boolean, write: boolean): string[] =>
    rules
      .filter(
        ({ access }) => ((access & readDirectory) !== 0) === directory && ((access & writeRights) !== 0) === write,
      )
      .map((rule) => rule.path);
  return ["-ro", ...paths(true, false), "-rw", ...paths(true, true)].concat(
    "-rofiles",
    paths(false, false),
    "-rwfiles",
    paths(false, true),
  );
}
