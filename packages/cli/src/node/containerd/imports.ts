/** Which files a containerd loads beside its main file, and a main file that loads exactly those that it is told to. Pure. */
import { dirname, isAbsolute, join, normalize } from "node:path";
import { stringify } from "smol-toml";
import { stringsAt } from "./effective.ts";
import { appendToRootArray, insertInto } from "../toml/insert.ts";
import { parseToml } from "../toml/parse.ts";

/**
 * The pattern that we add to `imports`. Not `*.toml`: files that lay in the folder unread until now would come into force. Not
 * the file's own name either: containerd does not start when a file is missing that is named without a pattern.
 */
export function ownPattern(folder: string): string {
  return join(folder, "kubefence*.toml");
}

/** The patterns of a main file, absolute and clean, in order. @throws {TomlError} */
export function importPatterns(mainText: string, mainFile: string): string[] {
  return stringsAt(parseToml(mainText).values, "imports").map((pattern) =>
    isAbsolute(pattern) ? normalize(pattern) : join(dirname(mainFile), pattern),
  );
}

/** Files that a pattern loads, of those that are there. containerd takes a pattern without `*` as a name. */
export function filesOf(pattern: string, present: readonly string[]): string[] {
  if (!pattern.includes("*")) return [pattern];
  const expression = goPattern(pattern);
  return present.filter((file) => expression.test(file)).toSorted();
}

/** True where one of the patterns loads the file. */
export function loads(patterns: readonly string[], file: string): boolean {
  return patterns.some((pattern) => filesOf(pattern, [file]).includes(file));
}

/** Go's path/filepath.Match as a regular expression. A pattern that Go refuses matches nothing. */
function goPattern(pattern: string): RegExp {
  let source = "";
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern.charAt(index);
    if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else if (character === "[") {
      const end = pattern.indexOf("]", index + 2);
      if (end === -1) return /$^/;
      source += `(?!/)${pattern.slice(index, end + 1)}`;
      index = end;
    } else if (character === "\\") {
      index += 1;
      source += escape(pattern.charAt(index));
    } else source += escape(character);
  }
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return /$^/;
  }
}

function escape(character: string): string {
  return character.replace(/[*?.+^${}()|[\]\\/]/, String.raw`\$&`);
}

/** The main file with these files, absolute, for its imports. Only for the runtime's parser to read. @throws {TomlError} */
export function withImports(mainText: string, files: readonly string[]): string {
  // Whether the array is there or not, it is there after this.
  const marker = "/kubefence-marker";
  const insertion = appendToRootArray(mainText, "imports", marker);
  const text = insertion === undefined ? mainText : insertInto(mainText, insertion);
  const node = parseToml(text).root.body.find(
    ({ type, key }) => type === "TOMLKeyValue" && JSON.stringify(key.keys.map(nameOf)) === '["imports"]',
  );
  if (node?.type !== "TOMLKeyValue") throw new Error("an array was added and is not there");
  const list = stringify({ list: [...files] })
    .slice("list = ".length)
    .trim();
  return text.slice(0, node.value.range[0]) + list + text.slice(node.value.range[1]);
}

function nameOf(key: { type: "TOMLBare"; name: string } | { type: "TOMLQuoted"; value: string }): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
