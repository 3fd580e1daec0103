/**
 * The set-ups of a node for nono-runc and for Kata share one edit of containerd's main file: the pattern in `imports` that loads
 * both drop-ins. Whoever made it and leaves first hands it over; whoever leaves last takes it out.
 */
import { join } from "node:path";
import { loads } from "../node/containerd/imports.ts";
import { owned } from "../files/durable.ts";
import type { Host } from "./host.ts";
import { type Installed, installedName, readInstalledState } from "./state.ts";
import type { Change } from "./transaction.ts";

/** Where Kata's set-up keeps its notes, given where that for nono-runc does. */
export function kataState(stateDirectory: string): string {
  return join(stateDirectory, "kata");
}

export interface Heir {
  /** The other set-up's notes, with what it gets. */
  readonly notes: Change;
  /** It gets the edit of the main file, so that stays. */
  readonly keepsMain: boolean;
}

/**
 * What the other set-up needs of ours: the edit of the main file, and folders that both have files in. Undefined for nothing.
 * @throws {NodeError} KF_NODE_STATE
 */
export async function bequeath(
  host: Host,
  { main, folders }: Installed,
  otherState: string,
): Promise<Heir | undefined> {
  const other = await readInstalledState(host, otherState);
  if (other === undefined) return undefined;
  const keepsMain =
    main !== undefined &&
    other.main === undefined &&
    other.files.some(({ part, path }) => part === "runtime" && loads([main.pattern], path));
  const shared = folders.filter((folder) => other.files.some(({ path }) => path.startsWith(`${folder}/`)));
  if (!keepsMain && shared.length === 0) return undefined;
  const all = [...new Set([...shared, ...other.folders])];
  const heir: Installed = { ...other, main: keepsMain ? main : other.main, folders: all };
  const content = Buffer.from(`${JSON.stringify(heir, null, 1)}\n`);
  return { notes: { path: join(otherState, installedName), content, owner: owned(0o600) }, keepsMain };
}
