/** What install notes for later runs: what is on the node by our hand, and how to take it away. */
import { join } from "node:path";
import { nodeError } from "../node/errors.ts";
import type { Insertion } from "../node/toml/insert.ts";
import type { KataSettings } from "../node/kata/settings.ts";
import type { Host } from "./host.ts";

export interface InstalledFile {
  readonly path: string;
  /** The runtime's configuration goes first when we leave; programs stay while a container needs them. */
  readonly part: "runtime" | "program";
  /** SHA-256; of the program that is there, or of the text. */
  readonly digest: string;
  readonly mode: number;
}

/** How a main file was edited. */
export interface EditedMain {
  readonly path: string;
  readonly pattern: string;
  /** Undefined where the whole file is ours. */
  readonly insertion: Insertion | undefined;
  /** SHA-256 of the file before; null where there was none. */
  readonly before: string | null;
  /** SHA-256 as we left it. */
  readonly after: string;
}

/** A file of somebody else's, and where its copy is. */
export interface ReplacedFile {
  readonly path: string;
  readonly part: InstalledFile["part"];
  readonly backup: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Installed {
  readonly version: 1;
  /** Version of Kubefence. */
  readonly release: string;
  readonly runtime: string;
  readonly main: EditedMain | undefined;
  /** Files that others had and that ours took the place of: restored by uninstall. */
  readonly replaced: readonly ReplacedFile[];
  /** Modes that folders had before. */
  readonly modes: Readonly<Record<string, number>>;
  readonly files: readonly InstalledFile[];
  /** Folders that were made, outermost first. */
  readonly folders: readonly string[];
  /** What Kata's set-up was asked for. */
  readonly kata?: KataSettings | undefined;
  /** Where a self-test is noted. */
  readonly selfTestNote?: string;
}

export const installedName = "installed.json";

/** What is installed, undefined for nothing. @throws {NodeError} KF_NODE_STATE */
export async function readInstalledState(host: Host, stateDirectory: string): Promise<Installed | undefined> {
  const path = join(stateDirectory, installedName);
  const text = await host.readText(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isInstalled(value)) return value;
  } catch {
    // Said below.
  }
  throw nodeError("KF_NODE_STATE", path, "it is no list of this program");
}

function isInstalled(value: unknown): value is Installed {
  return (
    typeof value === "object" &&
    value !== null &&
    "version" in value &&
    value.version === 1 &&
    "files" in value &&
    Array.isArray(value.files) &&
    "folders" in value &&
    Array.isArray(value.folders)
  );
}
