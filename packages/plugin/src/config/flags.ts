import { KubefenceError } from "../errors.ts";

/**
 * The command line, in the syntax of Go's flag package: users' manifests and scripts are written for it
 * (one or two dashes, `-x v` or `-x=v`, a boolean takes a value only after `=`, parsing stops at the first positional).
 */
export interface Flags {
  readonly config: string;
  readonly json: boolean;
  readonly logLevel: string;
  readonly healthAddress: string;
  /** The plugin's own Node object, "" for none. */
  readonly node: string;
  readonly startupTaint: boolean;
  /** Path of node set-up's note of a self-test, "" for none. */
  readonly selfTestNote: string;
}

/** `help` and `error` carry what to print on stderr; the exit codes are 0 and 2. */
export type FlagsResult =
  | { readonly kind: "flags"; readonly flags: Flags }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "error"; readonly text: string };

interface FlagDefinition {
  readonly name: "config" | "health-address" | "json" | "log-level" | "node" | "startup-taint" | "self-test-note";
  readonly type: "string" | "bool";
  readonly initial: string;
  readonly help: string;
}

const definitions: readonly FlagDefinition[] = [
  {
    name: "config",
    type: "string",
    initial: "/etc/nri/conf.d/10-nono-nri.toml",
    help: "path of the TOML configuration file",
  },
  {
    name: "health-address",
    type: "string",
    initial: "",
    help: "HOST:PORT that serves /healthz, /readyz and /metrics; off when empty",
  },
  { name: "json", type: "bool", initial: "true", help: "log JSON to stdout; false logs text to stderr" },
  {
    name: "log-level",
    type: "string",
    initial: "info",
    help: "lowest level to log: debug, info, warn or error, with an optional offset such as info+2",
  },
  {
    name: "node",
    type: "string",
    initial: "",
    help: "name of the Node that gets the label kubefence.io/ready while the plugin is ready; none when empty",
  },
  {
    name: "startup-taint",
    type: "bool",
    initial: "false",
    help: "with -node: keep the taint kubefence.io/not-ready on it while the plugin is not ready",
  },
  {
    name: "self-test-note",
    type: "string",
    initial: "",
    help: "with -node: wait for this file, by which kubefence node says that a sandboxed container ran; off when empty",
  },
];

const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** Parses the arguments after the program's name. Never throws. */
export function parseFlags(args: readonly string[]): FlagsResult {
  const values = new Map<string, string>(definitions.map((flag) => [flag.name, flag.initial]));
  for (let position = 0; position < args.length; position++) {
    const argument = args[position] ?? "";
    if (argument.length < 2 || !argument.startsWith("-") || argument === "--") break;
    const body = argument.slice(argument.startsWith("--") ? 2 : 1);
    if (body.startsWith("-") || body.startsWith("=")) return failure(`bad flag syntax: ${argument}`);
    const equals = body.indexOf("=");
    const name = equals < 0 ? body : body.slice(0, equals);
    const flag = definitions.find((candidate) => candidate.name === name);
    if (flag === undefined) {
      if (name === "h" || name === "help") return { kind: "help", text: usage() };
      return failure(`flag provided but not defined: -${name}`);
    }
    let value = equals < 0 ? undefined : body.slice(equals + 1);
    if (value === undefined && flag.type === "bool") value = "true";
    if (value === undefined) {
      position++;
      value = args[position];
      if (value === undefined) return failure(`flag needs an argument: -${name}`);
    }
    if (flag.type === "bool" && !TRUE.has(value) && !FALSE.has(value)) {
      return failure(`invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`);
    }
    values.set(name, value);
  }
  const valueOf = (name: FlagDefinition["name"]): string => values.get(name) ?? "";
  return {
    kind: "flags",
    flags: {
      config: valueOf("config"),
      json: TRUE.has(valueOf("json")),
      logLevel: valueOf("log-level"),
      healthAddress: valueOf("health-address"),
      node: valueOf("node"),
      startupTaint: TRUE.has(valueOf("startup-taint")),
      selfTestNote: valueOf("self-test-note"),
    },
  };
}

function failure(reason: string): FlagsResult {
  return { kind: "error", text: `${reason}\n${usage()}` };
}

/** The text of `-h`, laid out as Go's flag package does. */
function usage(): string {
  const lines = ["Usage of 10-nono-nri:"];
  for (const flag of definitions) {
    lines.push(`  -${flag.name}${flag.type === "string" ? " string" : ""}`);
    const quoted = flag.type === "string" ? JSON.stringify(flag.initial) : flag.initial;
    lines.push(`    \t${flag.help}${flag.initial === "" ? "" : ` (default ${quoted})`}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `:9440`, `127.0.0.1:9440` or `[::1]:9440` as host ("" = all addresses) and port. Throws HEALTH_ADDRESS_INVALID. */
export function parseAddress(address: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new KubefenceError(
      "HEALTH_ADDRESS_INVALID",
      `invalid health address ${JSON.stringify(address)}: want HOST:PORT`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port };
}
