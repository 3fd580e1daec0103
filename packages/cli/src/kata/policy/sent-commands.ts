/** The commands that a manifest's pods have sent into their containers: exec probes and exec hooks. */
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { KataPolicyError } from "./errors.ts";
import { expandVariables } from "./variables.ts";

/** One command, as the kubelet sends it. */
export interface SentCommand {
  /** `Deployment web, container app, readinessProbe`. */
  readonly where: string;
  readonly args: readonly string[];
  /** It begins with our launcher, so it runs sandboxed. */
  readonly isWrapped: boolean;
}

const commandHolder = z.object({ exec: z.object({ command: z.unknown().optional() }).optional() });
const container = z.object({
  name: z.string(),
  env: z.array(z.object({ name: z.string(), value: z.string().optional() })).optional(),
  livenessProbe: commandHolder.optional(),
  readinessProbe: commandHolder.optional(),
  startupProbe: commandHolder.optional(),
  lifecycle: z.object({ postStart: commandHolder.optional(), preStop: commandHolder.optional() }).optional(),
});
const podSpec = z.object({
  containers: z.array(container),
  initContainers: z.array(container).optional(),
  ephemeralContainers: z.array(container).optional(),
});
const template = z.object({ spec: podSpec });
const object = z.object({ kind: z.string(), metadata: z.object({ name: z.string() }).partial().optional() });
const list = z.object({ kind: z.literal("List"), items: z.array(z.unknown()) });
const command = z
  .array(z.string().refine((text) => !text.includes("\0") && text.isWellFormed()))
  .refine(([program = ""]) => program !== "");

/** Where in an object of each kind its pods are described. */
const podsOf: Readonly<Record<string, z.ZodType<{ spec: z.infer<typeof podSpec> }>>> = {
  Pod: template,
  PodTemplate: z.object({ template }).transform((found) => found.template),
  CronJob: z
    .object({ spec: z.object({ jobTemplate: z.object({ spec: z.object({ template }) }) }) })
    .transform(({ spec }) => spec.jobTemplate.spec.template),
};
const controller = z.object({ spec: z.object({ template }) }).transform(({ spec }) => spec.template);

/**
 * All commands of a file of YAML or JSON documents, in its order. Objects that make no pods are passed over.
 * @throws {KataPolicyError} KF_KATA_POLICY_MANIFEST, KF_KATA_POLICY_COMMAND
 */
export function findSentCommands(file: string, text: string): SentCommand[] {
  const documents = parseAllDocuments(text);
  const objects = [...documents].flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw manifestError(file, error.message.split("\n")[0] ?? "");
    const value: unknown = document.toJS();
    const found = list.safeParse(value);
    return found.success ? found.data.items : [value];
  });
  const pods = objects.flatMap((value) => podsIn(file, value));
  if (pods.length === 0) throw manifestError(file, "it describes no pod");
  return pods.flatMap(({ where, spec }) =>
    [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])].flatMap((each) =>
      commandsOf(file, `${where}, container ${each.name}`, each),
    ),
  );
}

function podsIn(file: string, value: unknown): { where: string; spec: z.infer<typeof podSpec> }[] {
  // An empty document between two lines of dashes.
  if (value === null) return [];
  const known = object.safeParse(value);
  if (!known.success) throw manifestError(file, "a document in it has no kind");
  const { kind, metadata } = known.data;
  const where = `${kind} ${metadata?.name ?? ""}`.trimEnd();
  const own = podsOf[kind];
  if (own === undefined) {
    const found = controller.safeParse(value);
    return found.success ? [{ where, spec: found.data.spec }] : [];
  }
  const found = own.safeParse(value);
  if (!found.success)
    throw manifestError(file, `${where}: ${z.prettifyError(found.error).replaceAll(/✖ |\s*\n\s*→/g, "")}`);
  return [{ where, spec: found.data.spec }];
}

function commandsOf(file: string, where: string, from: z.infer<typeof container>): SentCommand[] {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = from;
  const probes = Object.entries({ livenessProbe, readinessProbe, startupProbe });
  const hooks = Object.entries({ postStart: lifecycle?.postStart, preStop: lifecycle?.preStop });
  const variables = new Map(from.env?.map(({ name, value }) => [name, value ?? ""]));
  const expand = (args: readonly string[]): string[] => args.map((word) => expandVariables(word, variables));
  return [
    ...probes.flatMap(([name, holder]) => sent(file, `${where}, ${name}`, holder, expand)),
    // The kubelet sends a hook's command as it stands in the manifest.
    ...hooks.flatMap(([name, holder]) => sent(file, `${where}, ${name}`, holder, (args) => [...args])),
  ];
}

function sent(
  file: string,
  where: string,
  holder: z.infer<typeof commandHolder> | undefined,
  expand: (args: readonly string[]) => string[],
): SentCommand[] {
  if (holder?.exec === undefined) return [];
  const args = command.safeParse(holder.exec.command);
  if (!args.success) {
    const shown = JSON.stringify(holder.exec.command) ?? "nothing";
    throw new KataPolicyError("KF_KATA_POLICY_COMMAND", `${file}: ${where}`, `its command is ${shown.slice(0, 100)}`);
  }
  const expanded = expand(args.data);
  return [{ where, args: expanded, isWrapped: expanded[0] === "/nono/nono" && expanded[1] === "wrap" }];
}

function manifestError(file: string, what: string): KataPolicyError {
  return new KataPolicyError("KF_KATA_POLICY_MANIFEST", file, what);
}
