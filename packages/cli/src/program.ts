/** The command line. Commands are loaded when they run, so that `kubefence --help` starts fast. */
import { Command, Option } from "commander";
import { kataCommand } from "./kata-program.ts";
import { nodeCommand } from "./node-program.ts";
import type { Output } from "./commands/output.ts";

/** Where the plugin's default configuration has the compiled profiles of a node: beside the launcher. */
const defaultDirectory = "/opt/nono-nri/profiles";

/** Prints what a command says and keeps the exit code. */
export type Finish = (output: Output) => void | Promise<void>;

/** Builds the program. `finish` receives what the chosen command says. */
export function buildProgram(version: string, finish: Finish): Command {
  const program = new Command("kubefence")
    .description("operates Kubefence: profiles of sandboxed containers, and the set-up of a node")
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", exitCodes);
  program.addCommand(profileCommand(finish));
  program.addCommand(runtimeConfigCommand(finish));
  program.addCommand(installLauncherCommand(finish));
  program.addCommand(nodeCommand(finish));
  program.addCommand(kataCommand(finish));
  for (const command of commandsOf(program)) inOneVoice(command);
  return program;
}

const exitCodes = `
Exit codes:
  0  all is well
  1  the profile (or another file named) is bad or cannot be read, or the node is not as it should be
  2  wrong usage, or plan found something to do`;

/** A command and all below it. */
export function commandsOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsOf)];
}

/** The words that are Commander's own, as ours are. */
function inOneVoice(command: Command): void {
  command.helpOption("-h, --help", "print help").showHelpAfterError(`${pathOf(command)} --help says more`);
  if (command.commands.length > 0) command.helpCommand("help [command]", "print a command's help");
  for (const option of command.options) {
    const initial: unknown = option.defaultValue;
    const isEmpty = initial === "" || (Array.isArray(initial) && initial.length === 0);
    if (isEmpty && option.defaultValueDescription === undefined) option.default(initial, "none");
  }
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

const nonoData = (): Option =>
  new Option("--nono-data <file>", "nono's data/policy.json: its groups and profiles, as NAME or nono:NAME");
const directory = (): Option =>
  new Option("--dir <directory>", "the node's installed profiles").default(defaultDirectory);

interface NonoDataFlag {
  readonly nonoData?: string;
}
interface ShowFlags extends NonoDataFlag {
  readonly dir: string;
  readonly json?: boolean;
}

function profileCommand(finish: Finish): Command {
  const profile = new Command("profile").description("list, show, compile and check profiles");
  profile
    .command("list")
    .description("list the built-in profiles and those that the node has installed")
    .addOption(directory())
    .option("--json", "print JSON: an array of { name, builtin, installed, current, error, description }")
    .action(async (flags: ShowFlags, command: Command) => {
      const { list } = await import("./commands/list.ts");
      await finish(await list({ ...flags, dirGiven: isGiven(command) }));
    });
  profile
    .command("show")
    .description("say what a profile grants and what it keeps closed")
    .argument("<profile>", "a name (installed, else built-in), or a file (a profile or a manifest)")
    .addOption(directory())
    .option("--json", "print the compiled manifest")
    .addOption(nonoData())
    .action(async (name: string, flags: ShowFlags, command: Command) => {
      const { show } = await import("./commands/show.ts");
      await finish(await show(name, { ...flags, dirGiven: isGiven(command) }));
    });
  profile
    .command("compile")
    .description("compile profiles to the manifests that the launcher reads")
    .argument("[profiles...]", "files in nono's profile format (NAME.json), or names of built-ins")
    .option(
      "-o, --output <directory>",
      "write NAME.json and by-digest/SHA256.json there; else one manifest goes to stdout",
    )
    .option("--builtin", "all built-in profiles")
    .option("--nono-builtin", "all profiles of --nono-data that can be enforced; the others are named on stderr")
    .addOption(nonoData())
    .action(
      async (
        profiles: string[],
        flags: NonoDataFlag & { output?: string; builtin?: boolean; nonoBuiltin?: boolean },
      ) => {
        const { compile } = await import("./commands/compile.ts");
        await finish(await compile(profiles, flags));
      },
    );
  profile
    .command("check")
    .description("validate profiles or manifests and say what they grant")
    .argument("<files...>", "files in nono's profile format, or compiled manifests")
    .addOption(nonoData())
    .action(async (files: string[], flags: NonoDataFlag) => {
      const { check } = await import("./commands/check.ts");
      await finish(await check(files, flags));
    });
  return profile;
}

interface RuntimeConfigFlags {
  readonly config: string;
  readonly runtime: string;
  readonly log: string;
  readonly accept: string[];
  readonly output?: string;
}

function runtimeConfigCommand(finish: Finish): Command {
  return new Command("runtime-config")
    .description("write the configuration of nono-runc from the plugin's, the launcher and the installed profiles")
    .option("--config <file>", "the plugin's configuration", "/etc/nri/conf.d/10-nono-nri.toml")
    .option("--runtime <file>", "the real OCI runtime: runc or crun", "/usr/bin/runc")
    .option("--log <file>", "where nono-runc logs refusals", "/var/log/nono-runc.log")
    .option("--accept <file...>", "a further launcher to accept: one that is about to be installed", [])
    .option("-o, --output <file>", "replace this file (the program's path and .json); else it goes to stdout")
    .action(async (flags: RuntimeConfigFlags) => {
      const { runtimeConfig } = await import("./commands/runtime-config.ts");
      await finish(await runtimeConfig(flags));
    });
}

interface InstallLauncherFlags {
  readonly directory: string;
  readonly release: string;
  readonly config: string;
  readonly runtimeConfig: string;
  readonly profiles?: string;
}

function installLauncherCommand(finish: Finish): Command {
  return new Command("install-launcher")
    .description(
      "install the launcher and what it reads on this node, by rename; what the plugin's init container runs",
    )
    .option("--directory <directory>", "the directory that containers see at /nono", "/opt/nono-nri")
    .option(
      "--release <directory>",
      "has nono, shim, profiles/, profiles-nono/ and seccomp/",
      "/usr/local/share/kubefence",
    )
    .option("--config <file>", "the plugin's configuration", "/etc/nri/conf.d/10-nono-nri.toml")
    .option(
      "--runtime-config <file>",
      "nono-runc's configuration, kept up to date where it is there",
      "/opt/kubefence/bin/nono-runc.json",
    )
    .option(
      "--profiles <directory>",
      "your own profiles, sources or manifests: NAME.json. Those of an earlier run that are not there any more are removed",
    )
    .action(async (flags: InstallLauncherFlags) => {
      const { installLauncher } = await import("./commands/install-launcher.ts");
      await finish(await installLauncher(flags));
    });
}

function isGiven(command: Command): boolean {
  return command.getOptionValueSource("dir") === "cli";
}
