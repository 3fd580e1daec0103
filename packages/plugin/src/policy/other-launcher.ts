import type { Configuration } from "../config/configuration.ts";
import type { SandboxDecision } from "./decision.ts";
import { PROFILE_VARIABLE } from "./environment.ts";
import { LAUNCHER_MOUNT } from "./launcher-mount.ts";
import type { InstalledProfile, Refusal } from "./inputs.ts";
import { expand, fixedPart, takes, type Template, type TemplatePaths } from "./template.ts";

/** Where every launcher is seen in the container. */
const LAUNCHER = `${LAUNCHER_MOUNT}/nono`;

/** What stands before the command, and what becomes of the environment, under a launcher that is not ours. */
export interface OtherCommandLine {
  readonly prefix: readonly string[];
  /** Variables with the values that they get. NRI can set one and not take one away: its merge drops removals. */
  readonly set: readonly { readonly key: string; readonly value: string }[];
}

/** A launcher that is not ours; made once for a configuration. */
export interface OtherLauncher {
  /** Gives the decision its command line, or refuses what the launcher cannot do. */
  apply(decision: SandboxDecision, env: readonly string[], isGuest: boolean): SandboxDecision | Refusal;
  /** True if a running container's arguments begin as this launcher's do. */
  recognizes(args: readonly string[]): boolean;
  /** True for a variable that the launcher obeys. */
  obeys(name: string): boolean;
}

/** nono's own command line: an absolute path is never looked up in a home directory. */
const NONO_TEMPLATE: Template = ["wrap", "--silent", "--profile", "/nono/profiles/{profile}.json", "--"];
/** Each is a flag of nono's command line. */
const NONO_REFUSED: readonly string[] = ["NONO_*"];
/** Does not exist, and cannot be made: /nono is read-only. */
const NONO_HOME = "/nono/home";
/** What nono's paths and its log follow; of no use to it with these values. */
const NONO_FIXED: ReadonlyMap<string, string> = new Map([
  ["HOME", NONO_HOME],
  ["TMPDIR", "/tmp"],
  ["XDG_CONFIG_HOME", NONO_HOME],
  ["XDG_DATA_HOME", NONO_HOME],
  ["XDG_STATE_HOME", NONO_HOME],
  ["XDG_CACHE_HOME", NONO_HOME],
  ["XDG_RUNTIME_DIR", NONO_HOME],
  ["RUST_LOG", "off"],
]);
/** The runtime makes one from the image's passwd where the container has none. */
const NONO_ALWAYS: readonly string[] = ["HOME"];

/** The configured launcher, or undefined for ours. */
export function openOtherLauncher(configuration: Configuration): OtherLauncher | undefined {
  switch (configuration.launcher) {
    case "nono":
      return launcher(() => NONO_TEMPLATE, [NONO_TEMPLATE], NONO_REFUSED, NONO_FIXED, NONO_ALWAYS);
    case "template": {
      const templates = configuration.launcherTemplate;
      const templateOf = (profile: string): Template => templates.get(profile) ?? [];
      return launcher(templateOf, [...templates.values()], configuration.launcherVariables, new Map(), []);
    }
    default:
      return undefined;
  }
}

/** What the plugin needs to know of a template's profile. Which paths it grants, volumes or not, the operator wrote into it. */
export function profileOfTemplate(template: Template): InstalledProfile {
  return {
    volumes: takes(template, "rw") ? "readwrite" : takes(template, "ro") ? "read" : "none",
    configVolumes: takes(template, "ro"),
    projectedVolumes: false,
    // Nothing is granted unless the template says so, and nothing can be taken out of what it grants.
    literalExceptions: ["/"],
    restrictsTcp: false,
    broken: undefined,
    barrier: undefined,
  };
}

function launcher(
  templateOf: (profile: string) => Template,
  templates: readonly Template[],
  refused: readonly string[],
  fixed: ReadonlyMap<string, string>,
  always: readonly string[],
): OtherLauncher {
  const beginnings = templates.map((template) => [LAUNCHER, ...fixedPart(template)]);
  const prefixes = refused.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  const isRefused = (name: string): boolean =>
    name !== PROFILE_VARIABLE && (refused.includes(name) || prefixes.some((prefix) => name.startsWith(prefix)));
  return {
    obeys: (name) => fixed.has(name) || isRefused(name),
    recognizes: (args) =>
      beginnings.some((beginning) => beginning.every((argument, index) => args[index] === argument)),
    apply(decision, env, isGuest) {
      if (isGuest) return cannot("see whether the kernel of a guest enforces Landlock");
      const paths = readOptions(decision.options);
      if ("code" in paths) return paths;
      const names = env.map(nameOf);
      const heard = names.find(isRefused);
      if (heard !== undefined) return cannot(`ignore the variable ${heard}, which NRI cannot take away`);
      const known = names.filter((name) => fixed.has(name));
      const twice = known.find((name, index) => known.indexOf(name) !== index);
      if (twice !== undefined) {
        // The runtime sets only the first of two.
        return { code: "ENV_DUPLICATE", what: `the container's environment has ${twice} more than once` };
      }
      const set = [...new Set([...always, ...known])].map((key) => ({ key, value: fixed.get(key) ?? "" }));
      const prefix = [LAUNCHER, ...expand(templateOf(decision.profile), decision.profile, paths)];
      return { ...decision, options: [], other: { prefix, set } };
    },
  };
}

function cannot(need: string): Refusal {
  return { code: "LAUNCHER_CANNOT", what: `the configured launcher cannot do what this container needs: ${need}` };
}

function nameOf(entry: string): string {
  const equals = entry.indexOf("=");
  return equals === -1 ? entry : entry.slice(0, equals);
}

/** Our launcher's options, as far as others have the like. */
function readOptions(options: readonly string[]): TemplatePaths | Refusal {
  const paths = { readWrite: new Array<string>(), readOnly: new Array<string>() };
  for (let index = 0; index < options.length; index++) {
    const option = options[index];
    if (option === "--rw" || option === "--ro") {
      paths[option === "--rw" ? "readWrite" : "readOnly"].push(options[++index] ?? "");
    } else {
      return cannot(needOf(option, options[index + 1]));
    }
  }
  return paths;
}

function needOf(option: string | undefined, value: string | undefined): string {
  if (option === "--scope-signals") return "keep its signals from processes that share its pid namespace";
  if (option === "--seccomp") return `add the seccomp policy ${value} to its filters, which the runtime does not show`;
  return `keep ${value} closed, which lies in a volume that is granted`;
}
