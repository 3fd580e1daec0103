/** kubefence as a function: arguments to output and exit code. */
import { CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { buildProgram, commandsOf } from "./program.ts";

/** Where the program prints. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

const badProfile = 1;
const wrongUsage = 2;

/** Runs one command line, without the program's name. Resolves to the exit code; never rejects. */
export async function run(args: readonly string[], { out, error }: Streams): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(
    packageJson.version,
    async ({ stdout = "", stderr = "", failures = [], exitCode: wanted = 0 }) => {
      error(stderr);
      out(stdout);
      exitCode = (await explain(failures, error)) || wanted;
    },
  );
  for (const command of commandsOf(program)) command.exitOverride().configureOutput({ writeOut: out, writeErr: error });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (failure) {
    // Commander has printed its own message, or the help that was asked for.
    if (failure instanceof CommanderError) return failure.exitCode === 0 ? 0 : wrongUsage;
    return explain([failure], error);
  }
}

async function explain(failures: readonly unknown[], error: Streams["error"]): Promise<number> {
  if (failures.length === 0) return 0;
  const { describeFailure } = await import("./commands/failure.ts");
  const described = failures.map(describeFailure);
  for (const { text } of described) error(text);
  return described.some(({ usage }) => usage) ? wrongUsage : badProfile;
}
