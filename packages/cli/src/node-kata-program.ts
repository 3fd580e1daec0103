/** The part of the command line that is `kubefence node kata`. */
import { Command, Option } from "commander";
import type { KataFlags } from "./commands/node-kata-options.ts";
import { withRestart, withRuntime } from "./node-runtime-options.ts";
import type { Finish } from "./program.ts";

/** Builds the command. */
export function kataCommand(finish: Finish): Command {
  const kata = new Command("kata").description(
    "set up a node's Kata Containers: the handler kata-nono-qemu with a QEMU configuration, guest kernel and guest image of its own",
  );
  const add = (name: string, description: string): Command =>
    withOptions(kata.command(name).description(description)).option("--json", "print JSON");
  add("plan", "say what install would change, and exit with 2 if that is anything").action(async (flags: KataFlags) => {
    const { plan } = await import("./commands/node-kata.ts");
    await finish(await plan(flags));
  });
  add("wait", "wait until Kata's QEMU configuration is there").action(async (flags: KataFlags) => {
    const { waitForKata } = await import("./commands/node-kata.ts");
    await finish(await waitForKata(flags));
  });
  add("install", "set Kata up for sandboxed pods, or bring that up to date; all of it or nothing")
    .option("--watch <seconds>", "look this often whether Kata was changed, and do it again; ends only with an error")
    .action(async (flags: KataFlags & { watch?: string }) => {
      const { installOnNode, keepInstalled } = await import("./commands/node-kata.ts");
      if (flags.watch === undefined) await finish(await installOnNode(flags));
      else for await (const output of keepInstalled(flags, flags.watch)) await finish(output);
    });
  add("check", "say what a handler with Kata behind it has and lacks, and how to mend it")
    .option("--handler <name>", "the handler (default: ours, kata-nono-qemu)")
    .action(async (flags: KataFlags & { handler?: string }) => {
      const { checkKata } = await import("./commands/node-kata-check.ts");
      await finish(await checkKata(flags));
    });
  add("uninstall", "take away what install put there, and restore what was there before")
    .option("--force", "also while sandboxed pods run; what these need stays until a later run")
    .action(async (flags: KataFlags & { force?: boolean }) => {
      const { uninstallFromNode } = await import("./commands/node-kata.ts");
      await finish(await uninstallFromNode(flags));
    });
  return kata;
}

function withOptions(command: Command): Command {
  command
    .option("--root <directory>", "the node's root, as seen from here", "/")
    .option("--state <directory>", "where kubefence node keeps its notes on the node", "/var/lib/kubefence");
  withRuntime(command)
    .option("--qemu-config <file>", "Kata's QEMU configuration (default: that of the node's own handler)")
    .option("--directory <directory>", "where our QEMU configuration goes", "/opt/kubefence/kata")
    .option("--share-directory <directory>", "where kernel and image go", "/opt/kata/share/kata-containers")
    .option("--kernel <file>", "a guest kernel with Landlock, for a Kata whose own has none (before 3.32.0)")
    .option("--image <file>", "a guest image with the policy (default: Kata's own, without)")
    .option("--image-version <version>", "the version of Kata that the image was made for")
    .option("--kernel-verity-params <list>", "of a measured image, as kubefence kata image inject prints them", "")
    .addOption(new Option("--machine-accelerators <list>", "machine_accelerators").default("", "Kata's"))
    .option(
      "--seccomp-sandbox <list>",
      "QEMU's own seccomp sandbox; empty for Kata's",
      "on,obsolete=deny,spawn=deny,resourcecontrol=deny",
    )
    .addOption(
      new Option("--disable-guest-seccomp <boolean>", "leave containers' seccomp filters out of the guest")
        .choices(["true", "false"])
        .default("false"),
    )
    .option("--annotation <name...>", "let these annotations of pods reach Kata, beside the harmless ones", [])
    .option("--kata-timeout <seconds>", "how long to wait for Kata to appear", "0");
  return withRestart(command);
}
