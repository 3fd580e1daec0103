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

const program = buildProgram(packageJson.version, async ({ stdout, stderr, failures = [] }) => {
  if (stderr) process.stderr.write(stderr);
  if (stdout) process.stdout.write(stdout);
  await explain(failures);
});
for (const command of [program, ...program.commands, ...program.commands.flatMap((group) => group.commands)]) {
  command.exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitUsage;
  else await explain([error]);
}

async function explain(failures: readonly unknown[]): Promise<void> {
  if (failures.length === 0) return;
  const { describeFailure } = await import("./commands/failure.ts");
  const described = failures.map(describeFailure);
  process.stderr.write(described.map(({ text }) => text).join(""));
  process.exitCode = described.some(({ usage }) => usage) ? exitUsage : exitBadProfile;
}
