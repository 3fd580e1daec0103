/** What a node's CRI-O needs. Reads only. Shown by fixtures; no CRI-O was at hand to prove it on. */
import { dirname, join } from "node:path";
import { type CrioFile, proposeCrio } from "../node/crio/propose.ts";
import { nodeError } from "../node/errors.ts";
import type { NodeSettings } from "../node/settings.ts";
import { owned } from "../files/durable.ts";
import type { Host } from "./host.ts";
import { crioSocket, type FoundRuntime } from "./runtime.ts";
import { failedSetup, type RuntimeSetup } from "./setup.ts";

/** @throws {NodeError} where the files cannot even be read */
export async function planCrio(host: Host, found: FoundRuntime, settings: NodeSettings): Promise<RuntimeSetup> {
  const folder = crioFolder(found);
  const texts = await readCrioFiles(host, found);
  const common = {
    found,
    description: `CRI-O ${found.version}, ${folder}`,
    socket: crioSocket,
    baseProgram: "crun",
    baseHandler: "",
    mainBefore: undefined,
    selfTest: undefined,
    notes: [],
  };
  const proposal = proposeCrio(texts, folder, settings);
  if ("code" in proposal) return failedSetup({ ...common, problems: [proposal] });
  if (settings.requirePlugin) {
    const what = "CRI-O's configuration of NRI has no required plugins";
    const problem = { code: "KF_NODE_BY_HAND", where: folder, what, action: "leave out --require-plugin" } as const;
    return failedSetup({ ...common, problems: [problem] });
  }
  const { dropIn, superseded, baseProgram, notes } = proposal;
  return {
    ...common,
    baseProgram,
    notes,
    problems: [],
    main: undefined,
    changes: [
      { path: dropIn.path, content: Buffer.from(dropIn.text), owner: owned(0o644) },
      ...superseded.map((path) => ({ path, content: undefined, owner: owned(0o644) })),
    ],
    verify: (node) => verifyCrio(node, found),
  };
}

/** The folder of the drop-ins. */
export function crioFolder({ mainFile }: FoundRuntime): string {
  return join(dirname(mainFile), "crio.conf.d");
}

/** The main file and the drop-ins, in the order in which CRI-O reads them. */
export async function readCrioFiles(host: Host, found: FoundRuntime): Promise<CrioFile[]> {
  const folder = crioFolder(found);
  const names = (await host.list(folder)).filter((name) => !name.startsWith(".")).toSorted();
  const paths = [found.mainFile, ...names.map((name) => join(folder, name))];
  return Promise.all(paths.map(async (path) => ({ path, text: (await host.readText(path)) ?? "" })));
}

/** Holds the files against CRI-O's own parser. @throws {NodeError} KF_NODE_RUNTIME_REFUSES */
export async function verifyCrio(host: Host, { program, mainFile }: FoundRuntime): Promise<void> {
  const { code, stderr } = await host.run(program, [
    "--config",
    mainFile,
    "--config-dir",
    join(dirname(mainFile), "crio.conf.d"),
    "config",
  ]);
  if (code !== 0) throw nodeError("KF_NODE_RUNTIME_REFUSES", mainFile, stderr.trim().split("\n").at(-1) ?? "");
}
