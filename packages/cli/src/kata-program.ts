/** The part of the command line that is `kubefence kata`. */
import { Command } from "commander";
import type { InjectFlags } from "./commands/kata-image.ts";
import type { KataPolicyFlags } from "./commands/kata-policy.ts";
import type { Finish } from "./program.ts";

/** Builds the command. */
export function kataCommand(finish: Finish): Command {
  const kata = new Command("kata").description(
    "what goes into Kata's guests; kubefence node kata sets up a node for it",
  );
  kata.addCommand(imageCommand(finish));
  kata.addCommand(policyCommand(finish));
  return kata;
}

function imageCommand(finish: Finish): Command {
  const image = new Command("image").description("change Kata guest images");
  image
    .command("inject")
    .description("put files into the ext4 root of a raw Kata image: without root, on a copy, read back, then renamed")
    .argument("<image>", "a raw image (kata-….image)")
    .requiredOption("-o, --output <file>", "the changed image; may be the image itself, which running guests then keep")
    .option("--policy <file>", "the agent's policy, in place of the image's default one")
    .option(
      "--nono <file>",
      "the launcher, as /nono/nono of the guest; containers never see it, so this serves nothing",
    )
    .option("--file <from:to...>", "further files, mode 0644", [])
    .option(
      "--kernel-verity-params <text>",
      "what the configuration of this image has there: the hash tree is made anew, and the new value printed",
    )
    .option("--json", "print JSON: { output, sha256, files: [{ path, size, sha256 }], verity }")
    .action(async (path: string, flags: InjectFlags) => {
      const { injectIntoImage } = await import("./commands/kata-image.ts");
      await finish(await injectIntoImage(path, flags));
    });
  return image;
}

function policyCommand(finish: Finish): Command {
  return new Command("policy")
    .description(
      "print the policy of the guest's agent, with what you admit beyond it, for you to review and to put into the image",
    )
    .option(
      "-f, --file <manifest...>",
      "admit the exact commands of the exec probes and hooks of these pods (- reads stdin)",
      [],
    )
    .option("--exec-profile <name>", "admit every command that begins with /nono/nono wrap --profile NAME --")
    .option("--exec-seccomp <name>", "with --exec-profile: and with --seccomp NAME after the profile")
    .option("--sandbox-command <program...>", "what the pause image runs, if not /pause", [])
    .option("--admit-policy <file...>", "policies that a pod may bring in an annotation instead of this one", [])
    .option("-o, --output <file>", "replace this file; else the policy goes to stdout")
    .action(async (flags: KataPolicyFlags) => {
      const { makePolicy } = await import("./commands/kata-policy.ts");
      await finish(await makePolicy(flags));
    });
}
