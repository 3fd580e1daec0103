/** What a node's containerd needs. Reads only. */
import { dirname } from "node:path";
import type { DropIn } from "../node/containerd/drop-in.ts";
import { type EffectiveConfiguration, tableAt, textAt } from "../node/containerd/effective.ts";
import { compareDumps } from "../node/containerd/guard.ts";
import { findBaseHandler, findObstacles, nonoRuncDropIn } from "../node/containerd/handler.ts";
import { describeOriginal } from "../node/containerd/original.ts";
import { dropInPath, proposeContainerd } from "../node/containerd/propose.ts";
import { NodeError, type NodeProblem } from "../node/errors.ts";
import { findReadOnly } from "../node/platforms.ts";
import { dropInName, type NodeSettings } from "../node/settings.ts";
import { dumpNow, dumpWith, dumpWithout, readContainerdFiles } from "./containerd.ts";
import { owned } from "../files/durable.ts";
import type { Host } from "./host.ts";
import type { FoundRuntime } from "./runtime.ts";
import { selfTestOf } from "./self-test.ts";
import { failedSetup, type RuntimeSetup } from "./setup.ts";
import type { Change } from "./transaction.ts";

/** A drop-in that somebody wants, made of what containerd has without it. */
export interface WantedDropIn {
  /** Name of its file. */
  readonly name: string;
  readonly make: (effective: EffectiveConfiguration, mainFile: string) => DropIn | readonly NodeProblem[];
  readonly notes: (mainText: string | undefined, effective: EffectiveConfiguration) => readonly string[];
}

/** The one of nono-runc. */
export function wantNonoRunc(settings: NodeSettings, isInstalled: boolean): WantedDropIn {
  return {
    name: dropInName,
    make: (effective, mainFile) => {
      const obstacles = findObstacles(effective, mainFile);
      return obstacles.length > 0 ? obstacles : (nonoRuncDropIn(effective, settings) ?? obstacles);
    },
    notes: (mainText, effective) => describeOriginal(mainText, effective, isInstalled),
  };
}

/** @throws {NodeError} where the files cannot even be read */
export async function planContainerd(host: Host, found: FoundRuntime, wanted: WantedDropIn): Promise<RuntimeSetup> {
  const files = await readContainerdFiles(host, found);
  const effective = await dumpWithout(host, found, files, dropInPath(files, wanted.name));
  const builtIn = files.mainText === undefined ? " (not there: built-in configuration)" : "";
  const baseHandler = findBaseHandler(effective) ?? "";
  const base = effective.handlers.get(baseHandler) ?? {};
  const common = {
    found,
    description: `containerd ${found.version}, ${found.mainFile}${builtIn}`,
    socket: effective.socket,
    baseProgram: textAt(tableAt(base, ["options"]), "BinaryName") || "runc",
    baseHandler,
    mainBefore: files.mainText,
    selfTest: selfTestOf(effective),
    notes: wanted.notes(files.mainText, effective),
  };
  const made = wanted.make(effective, found.mainFile);
  const problems = [...("name" in made ? [] : made), ...(await findReadOnlyProblems(host, found))];
  if (problems.length > 0 || !("name" in made)) return failedSetup({ ...common, problems });

  const proposal = proposeContainerd(files, made, effective.version);
  if ("code" in proposal) return failedSetup({ ...common, problems: [proposal] });
  const { dropIn, main } = proposal;
  const compare = (after: EffectiveConfiguration): NodeProblem[] =>
    compareDumps(effective, after, made, dropIn.path).map((problem) => ({ ...problem, lines: dropIn.text }));
  const doubts = await dumpWith(host, found, files, proposal).then(compare, problemsOf);
  if (doubts.length > 0) return failedSetup({ ...common, problems: doubts });

  const changes = [textChange(dropIn.path, dropIn.text), ...(main ? [textChange(found.mainFile, main.text)] : [])];
  const verify = async (node: Host): Promise<void> => {
    const [first, ...rest] = compare(await dumpNow(node, found));
    if (first !== undefined) throw new NodeError([first, ...rest]);
  };
  return { ...common, changes, main, problems: [], verify };
}

function problemsOf(error: unknown): readonly NodeProblem[] {
  if (error instanceof NodeError) return error.problems;
  throw error;
}

async function findReadOnlyProblems(host: Host, { mainFile }: FoundRuntime): Promise<NodeProblem[]> {
  const osRelease = (await host.readShort("/etc/os-release")) || (await host.readShort("/usr/lib/os-release"));
  const problem = findReadOnly(osRelease, mainFile, await host.isReadOnly(dirname(mainFile)));
  return problem === undefined ? [] : [problem];
}

function textChange(path: string, text: string): Change {
  return { path, content: Buffer.from(text), owner: owned(0o644) };
}
