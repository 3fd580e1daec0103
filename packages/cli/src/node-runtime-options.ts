/** What every set-up of a node must know of its container runtime: options that `kubefence node` and `kubefence node kata` share. */
import { type Command, Option } from "commander";

/** Which container runtime, and where its main file and its program are. */
export function withRuntime(command: Command): Command {
  return command
    .addOption(
      new Option("--runtime <name>", "the container runtime (default: the one that runs)").choices([
        "containerd",
        "crio",
      ]),
    )
    .option("--config <file>", "the container runtime's main file (default: the one that it runs with)")
    .option("--runtime-binary <file>", "the container runtime's program (default: the one that runs)");
}

/** How it is restarted, and how long that may take. */
export function withRestart(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--restart <how>",
        "restart the container runtime by its systemd unit, by SIGTERM to a process that something starts again, or not at all",
      )
        .choices(["systemd", "term", "none"])
        .default("systemd"),
    )
    .option("--wait <seconds>", "how long the container runtime may take to come back", "120");
}
