/** What the operator puts into the agent's policy, as Rego. */
import type { SentCommand } from "./sent-commands.ts";

export interface Baked {
  /** What the pod's sandbox runs, argument for argument. */
  readonly sandboxCommands: readonly (readonly string[])[];
  readonly commands: readonly SentCommand[];
  /** What every other command has to begin with; empty admits none. */
  readonly prefix: readonly string[];
  /** Whole policies that may take this one's place. */
  readonly policies: readonly { readonly name: string; readonly text: string }[];
}

/** The part of the policy that is replaced, its two lines included. */
const bakedPart = /^# baked: [^]*?^# end of baked$/m;

/** Regorus 0.9 refuses lines of more than 1024 characters. */
const maximumLiteralBytes = 900;

/** Puts it into the policy. Every line stays short enough for every agent. Throws if the policy has no such part. */
export function bake(policy: string, baked: Baked): string {
  if (!bakedPart.test(policy)) throw new Error("the policy has no part that is baked");
  const { commands, policies } = baked;
  const text = [
    "# baked: by `kubefence kata policy`",
    "",
    "# What the pod's sandbox runs.",
    `sandbox_commands := ${array(baked.sandboxCommands.map((args) => `\t${words(args)},`))}`,
    "",
    "# Commands that may be sent into a container as they are, argument for argument.",
    `exec_commands := ${array(commands.map((sent) => `\t${comment(describe(sent))}\n\t${words(sent.args)},`))}`,
    "",
    "# What a command that is sent into a container has to begin with; empty admits none.",
    `exec_prefix := ${words(baked.prefix)}`,
    "",
    "# Texts of policies that may take this one's place before the first container.",
    `admitted_policies := ${array(policies.map(({ name, text: whole }) => `\t${comment(name)}\n\t${literal(whole)},`))}`,
    "",
    "# end of baked",
  ].join("\n");
  return policy.replace(bakedPart, () => text);
}

function describe({ where, isWrapped }: SentCommand): string {
  return isWrapped ? where : `${where}: OUTSIDE THE SANDBOX`;
}

function array(elements: readonly string[]): string {
  return elements.length === 0 ? "[]" : `[\n${elements.join("\n")}\n]`;
}

function words(args: readonly string[]): string {
  const line = `[${args.map(literal).join(", ")}]`;
  return Buffer.byteLength(line) <= maximumLiteralBytes && !line.includes("\n")
    ? line
    : `[\n${args.map((word) => `\t\t${literal(word)},`).join("\n")}\n\t]`;
}

/** Names come from manifests: one line, whatever is in them. */
function comment(text: string): string {
  return `# ${text.replaceAll(/[^\u0020-\u007e]/g, "?").slice(0, 300)}`;
}

/** A string of Rego, which is one of JSON; a long one in parts. */
function literal(text: string): string {
  const parts: string[] = [""];
  let bytes = 0;
  for (const character of text) {
    const encoded = Buffer.byteLength(JSON.stringify(character)) - 2;
    if (bytes + encoded > maximumLiteralBytes) {
      parts.push("");
      bytes = 0;
    }
    parts[parts.length - 1] += character;
    bytes += encoded;
  }
  if (parts.length === 1) return JSON.stringify(text);
  return `concat("", [\n${parts.map((part) => `\t\t\t${JSON.stringify(part)},`).join("\n")}\n\t\t])`;
}
