/** The part of the command line that is `kubefence node`. */
import { Command } from "commander";
import type { CheckFlags } from "./commands/node-check.ts";
import type { NodeFlags } from "./commands/node-options.ts";
import { kataCommand } from "./node-kata-program.ts";
import type { ReportFlags } from "./commands/node-report.ts";
import { withRestart, withRuntime } from "./node-runtime-options.ts";
import type { Finish } from "./program.ts";

/** Builds the command. */
export function nodeCommand(finish: Finish): Command {
  const node = new Command("node").description(
    "set up a node: the OCI runtime, the launcher, and the container runtime's configuration",
  );
  const add = (name: string, description: string): Command =>
    withOptions(node.command(name).description(description)).option("--json", "print JSON");
  add("plan", "say what install would change, and exit with 2 if that is anything").action(async (flags: NodeFlags) => {
    const { plan } = await import("./commands/node.ts");
    await finish(await plan(flags));
  });
  add("install", "put Kubefence on the node, or bring it up to date; all of it or nothing")
    .option("--self-test", "start a container of the handler afterwards, and undo everything if it fails")
    .action(async (flags: NodeFlags) => {
      const { installNode } = await import("./commands/node.ts");
      await finish(await installNode(flags));
    });
  add("check", "say for each thing that sandboxed pods need whether the node has it, and how to mend it")
    .option("--self-test", "also start a container of the handler, from the pause image, and remove it")
    .option("--note", "write down on the node that the self-test passed, for the plugin's -self-test-note")
    .option("--until-ready <seconds>", "check again until the node is ready, for so long at most")
    .action(async (flags: CheckFlags) => {
      const { checkNode } = await import("./commands/node-check.ts");
      await finish(await checkNode(flags));
    });
  add("uninstall", "take away what install put there, and restore what was there before")
    .option("--force", "also while sandboxed pods run; what these need stays until a later run")
    .action(async (flags: NodeFlags & { force?: boolean }) => {
      const { uninstallNode } = await import("./commands/node.ts");
      await finish(await uninstallNode(flags));
    });
  node.addCommand(kataCommand(finish));
  node
    .command("report-uninstall")
    .description("in a pod: wait until a DaemonSet's pods have run uninstall, and say which nodes they did not reach")
    .requiredOption("--namespace <namespace>", "the DaemonSet's")
    .requiredOption("--daemonset <name>", "its pods' init containers are the uninstallation")
    .requiredOption("--selector <labels>", "selects its pods")
    .option("--timeout <seconds>", "how long to wait", "240")
    .action(async (flags: ReportFlags) => {
      const { reportUninstall } = await import("./commands/node-report.ts");
      await finish(await reportUninstall(flags));
    });
  return node;
}

function withOptions(command: Command): Command {
  command
    .option("--root <directory>", "the node's root, as seen from here", "/")
    .option(
      "--release <directory>",
      "has nono, nono-runc, profiles/ (or profiles-nono/) and seccomp/ (default: the directory of this program)",
    )
    .option("--profiles <directory...>", "folders of further profiles, sources or manifests: NAME.json", [])
    .option("--plugin-config <file>", "the plugin's configuration", "/etc/nri/conf.d/10-nono-nri.toml")
    .option("--program <file>", "where nono-runc goes on the node", "/opt/kubefence/bin/nono-runc")
    .option("--log <file>", "where nono-runc logs refusals", "/var/log/nono-runc.log")
    .option("--state <directory>", "where this command keeps its notes on the node", "/var/lib/kubefence");
  withRuntime(command)
    .option("--oci-runtime <file>", "what nono-runc calls: runc or crun (default: what the node's own handler starts)")
    .option("--nri-socket <path>", "NRI's socket (default: as the node has it)")
    .option("--nri-plugins <directory>", "NRI's plugins (default: as the node has it)")
    .option("--nri-config <directory>", "NRI's plugin configuration (default: as the node has it)")
    .option("--require-plugin", "let containerd refuse pods of every handler while the plugin is away");
  return withRestart(command);
}
