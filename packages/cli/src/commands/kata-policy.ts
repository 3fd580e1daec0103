/** kubefence kata policy */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { owned, replaceFile } from "../files/durable.ts";
import { bake } from "../kata/policy/bake.ts";
import { KataPolicyError } from "../kata/policy/errors.ts";
import { agentPolicy } from "../kata/policy/generated/agent-policy.ts";
import { findSentCommands, type SentCommand } from "../kata/policy/sent-commands.ts";
import { profileNamePattern } from "../profile/manifest.ts";
import { type Output, UsageError } from "./output.ts";
import { messageOf } from "../thrown.ts";

export interface KataPolicyFlags {
  readonly file: readonly string[];
  readonly execProfile?: string;
  readonly execSeccomp?: string;
  readonly sandboxCommand: readonly string[];
  readonly admitPolicy: readonly string[];
  readonly output?: string;
}

/**
 * Makes the agent's policy with what the operator admits beyond it.
 * @throws {UsageError} | {KataPolicyError}
 */
export async function makePolicy(flags: KataPolicyFlags): Promise<Output> {
  const commands = (await Promise.all(flags.file.map(async (file) => findSentCommands(file, await read(file))))).flat();
  const policies = await Promise.all(flags.admitPolicy.map(async (file) => ({ name: file, text: await read(file) })));
  const policy = bake(agentPolicy, {
    sandboxCommands: flags.sandboxCommand.length === 0 ? [["/pause"]] : flags.sandboxCommand.map(sandboxCommand),
    commands: withoutDuplicates(commands),
    prefix: prefixOf(flags),
    policies,
  });
  const stderr = [
    ...commands.filter(({ isWrapped }) => !isWrapped).map(warning),
    ...policies.map(({ name: file, text }) => `${file}: kata_policy_sha256 needs ${sha256(text)}\n`),
  ].join("");
  if (flags.output === undefined) return { stdout: policy, stderr };
  await replaceFile(flags.output, Buffer.from(policy), owned(0o644)).catch((error: unknown) => {
    throw new KataPolicyError("KF_KATA_POLICY_WRITE", flags.output ?? "", messageOf(error), { cause: error });
  });
  return { stdout: `${flags.output}: sha256 ${sha256(policy)}\n`, stderr };
}

function warning({ where, args }: SentCommand): string {
  return `warning: ${where}: runs outside the sandbox: ${JSON.stringify(args).slice(0, 200)}; write /nono/nono wrap --profile NAME -- in front of it in the manifest\n`;
}

function prefixOf({ execProfile, execSeccomp }: KataPolicyFlags): string[] {
  if (execProfile === undefined) {
    if (execSeccomp !== undefined) throw new UsageError("--exec-seccomp goes with --exec-profile");
    return [];
  }
  for (const [flag, value] of Object.entries({ "--exec-profile": execProfile, "--exec-seccomp": execSeccomp })) {
    if (value !== undefined && !profileNamePattern.test(value)) {
      throw new UsageError(`${flag} ${value}: must match ${profileNamePattern.source}`);
    }
  }
  const seccomp = execSeccomp === undefined ? [] : ["--seccomp", execSeccomp];
  return ["/nono/nono", "wrap", "--profile", execProfile, ...seccomp, "--"];
}

function sandboxCommand(program: string): string[] {
  if (!program.startsWith("/")) throw new UsageError(`--sandbox-command ${program}: must be an absolute path`);
  return [program];
}

function withoutDuplicates(commands: readonly SentCommand[]): SentCommand[] {
  return [...Map.groupBy(commands, ({ args }) => JSON.stringify(args)).values()].flatMap(([first]) => first ?? []);
}

async function read(file: string): Promise<string> {
  try {
    const bytes = await readFile(file === "-" ? "/dev/stdin" : file);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new KataPolicyError("KF_KATA_POLICY_READ", file, messageOf(cause), { cause });
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
