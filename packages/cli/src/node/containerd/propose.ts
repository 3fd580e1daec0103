/** What a node's containerd needs: the drop-in, and the main file's imports where they do not load it yet. Pure. */
import { dirname, join } from "node:path";
import { type NodeProblem } from "../errors.ts";
import { distributionOf } from "../platforms.ts";
import { dropInMark } from "../settings.ts";
import { appendToRootArray, type Insertion, insertInto } from "../toml/insert.ts";
import { parseToml, TomlError } from "../toml/parse.ts";
import { type DropIn, dropInText, dropInVersion } from "./drop-in.ts";
import { filesOf, importPatterns, loads, ownPattern, withImports } from "./imports.ts";

/** What was read of a node. */
export interface ContainerdFiles {
  readonly mainFile: string;
  /** Undefined when there is no such file: containerd then runs with what is built in. */
  readonly mainText: string | undefined;
  /** Files in the folders that the main file's patterns name, absolute. */
  readonly present: readonly string[];
}

export interface MainEdit {
  readonly text: string;
  /** Undefined where the whole file is ours. */
  readonly insertion: Insertion | undefined;
  /** The element added to `imports`. */
  readonly pattern: string;
}

export interface ContainerdProposal {
  readonly dropIn: { readonly path: string; readonly text: string };
  /** Undefined where the main file loads the drop-in already. */
  readonly main: MainEdit | undefined;
}

/**
 * Where a drop-in of that name goes: into the first folder that the main file loads as a whole, else into conf.d beside the main file.
 * @throws {TomlError}
 */
export function dropInPath({ mainFile, mainText }: ContainerdFiles, name: string): string {
  const patterns = mainText === undefined ? [] : importPatterns(mainText, mainFile);
  const candidates = patterns.map((pattern) => join(dirname(pattern), name));
  const loaded = candidates.find((path) => !dirname(path).includes("*") && loads(patterns, path));
  return loaded ?? join(dirname(mainFile), "conf.d", name);
}

/**
 * The main file with our drop-in left out, or with `replacement` in its place: what to give to containerd's parser.
 * @throws {TomlError}
 */
export function candidateMain(
  files: ContainerdFiles,
  mainText: string,
  ours: string,
  replacement: string | undefined,
): string {
  const all = importPatterns(mainText, files.mainFile).flatMap((pattern) => filesOf(pattern, [...files.present, ours]));
  const chosen = [...new Set(all)].flatMap((file) => {
    if (file !== ours) return [file];
    return replacement === undefined ? [] : [replacement];
  });
  return withImports(mainText, chosen);
}

/** What to change so that containerd loads the drop-in; `newestKnown` is its newest version. Problems come with the lines to add by hand. */
export function proposeContainerd(
  files: ContainerdFiles,
  wanted: DropIn,
  newestKnown: number,
): ContainerdProposal | NodeProblem {
  const { mainFile, mainText } = files;
  const version = dropInVersion(mainText === undefined ? undefined : versionOf(mainText), newestKnown);
  const text = dropInText(wanted, version);
  const path = dropInPath(files, wanted.name);
  const dropIn = { path, text };
  if (mainText === undefined) return { dropIn, main: newMain(path, newestKnown) };
  if (loads(importPatterns(mainText, mainFile), path)) return { dropIn, main: undefined };

  const { generated, byHand, name } = distributionOf(mainFile);
  if (generated) {
    const what = `${name} writes it anew at each start, and none of its imports loads a folder`;
    return { code: "KF_NODE_BY_HAND", where: mainFile, what, action: byHand, lines: text };
  }
  const pattern = ownPattern(dirname(path));
  try {
    const insertion = appendToRootArray(mainText, "imports", pattern);
    if (insertion === undefined) return { dropIn, main: undefined };
    return { dropIn, main: { text: insertInto(mainText, insertion), insertion, pattern } };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const action = `add ${JSON.stringify(pattern)} to its imports by hand, and run the command again`;
    return { code: "KF_NODE_TOML", where: mainFile, what: error.message, action, lines: `imports = ["${pattern}"]` };
  }
}

function versionOf(mainText: string): number {
  const { version } = parseToml(mainText).values;
  return typeof version === "number" ? version : 1;
}

function newMain(path: string, version: number): MainEdit {
  const pattern = ownPattern(dirname(path));
  const text = `${dropInMark}, because containerd reads drop-ins only through this file.\nversion = ${version}\nimports = [${JSON.stringify(pattern)}]\n`;
  return { text, insertion: undefined, pattern };
}
