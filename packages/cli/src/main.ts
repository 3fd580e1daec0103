#!/usr/bin/env node
/** kubefence: prints what a command says and chooses the exit code. */
import { CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { buildProgram } from "./program.ts";

const exitBadProfile = 1;
const exitUsage = 2;

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const program = buildProgram(packageJson.version, ({ stdout, stderr }) => {
  if (stderr) process.stderr.write(stderr);
  if (stdout) process.stdout.write(stdout);
});
for (const command of [program, ...program.commands, ...program.commands.flatMap((group) => group.commands)]) {
  command.exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = await explain(error);
}

async function explain(error: unknown): Promise<number> {
  // Commander has printed its own message or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitUsage;
  const { describeFailure } = await import("./commands/failure.ts");
  const { text, usage } = describeFailure(error);
  process.stderr.write(text);
  return usage ? exitUsage : exitBadProfile;
}
