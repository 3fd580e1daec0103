/** Every command on the site is run by something that is named beside it, or says that nobody runs it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { COMMAND_LANGUAGES, type Mark, parseInfo } from "./.vitepress/commands.ts";
import { markdownFiles, pageOf, root } from "./.vitepress/pages.ts";

interface Block {
  readonly file: string;
  readonly info: string;
  readonly commands: readonly string[];
}

// README is no page of the site, and read before all others.
const files = markdownFiles().filter((file) => file === "README.md" || pageOf(file) !== undefined);
const blocks = files.flatMap(blocksOf);

function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^( *)```([^\n]*)\n(.*?)^\1```/gms)].map(([, , info = "", body = ""]) => ({
    file,
    info,
    commands: body
      .replaceAll("\\\n", " ")
      .split("\n")
      .map((line) => line.replace(/\s+#.*$|^#.*$/, "").trim())
      .filter((line) => line !== ""),
  }));
}

const marked = blocks.flatMap((block) => {
  const { language, mark } = parseInfo(block.info);
  return COMMAND_LANGUAGES.has(language) ? [{ ...block, mark }] : [];
});
const by = <Kind extends Mark["kind"]>(kind: Kind): (Block & { mark: Extract<Mark, { kind: Kind }> })[] =>
  marked.filter((block): block is Block & { mark: Extract<Mark, { kind: Kind }> } => block.mark?.kind === kind);

test("every block of commands says who runs it", () => {
  expect(marked.length).toBeGreaterThan(10);
  expect(
    marked.filter(({ mark }) => mark === undefined).map(({ file, commands }) => `${file}: ${commands[0]}`),
  ).toEqual([]);
});

test("a block that looks like commands is said to be one", () => {
  const looks =
    /^(?:\$ |(?:sudo |curl |make |helm |kubectl |docker |kind |npm |npx |node |kubefence \w|sed |apt-get ))/;
  const unlabelled = blocks.filter(
    ({ info, commands }) => info === "" && commands.length > 0 && commands.every((line) => looks.test(line)),
  );
  expect(unlabelled.map(({ file, commands }) => `${file}: ${commands[0]}`)).toEqual([]);
});

/**
 * Whether what is said to run the command may well do so: it reads the page, or one with the same command, or has the
 * command's program and verbs in its text.
 */
function names(text: string, { file }: Block, command: string): boolean {
  if (text.includes(file)) return true;
  const same = blocks.filter((other) => other.file !== file && other.commands.includes(command));
  if (same.some((other) => text.includes(other.file))) return true;
  const [program = "", ...rest] = command.split(/\s+/);
  const end = rest.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const verbs = end === -1 ? rest : rest.slice(0, end);
  return [...(verbs.length > 0 ? verbs : [program])].every((word) => new RegExp(`\\b${word}\\b`).test(text));
}

test("what is said to run them is there, and names them", () => {
  const wrong = by("run-by").flatMap((block) => {
    const path = join(root, block.mark.path);
    if (!existsSync(path) || !statSync(path).isFile()) return [`${block.file}: ${block.mark.path} is not there`];
    const text = readFileSync(path, "utf8");
    return block.commands
      .filter((command) => !names(text, block, command))
      .map((command) => `${block.file}: ${block.mark.path} does not name ${command}`);
  });
  expect(wrong).toEqual([]);
});

test("targets of make exist", () => {
  const makefiles = ["Makefile", "release/release.mk"].map((file) => readFileSync(join(root, file), "utf8")).join("\n");
  const targets = new Set([...makefiles.matchAll(/^\.PHONY: (.*)$/gm)].flatMap(([, list = ""]) => list.split(" ")));
  targets.add("vmlinux"); // Linux's own, on the page of the guest kernel
  const used = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const inline = [...text.matchAll(/`make ([a-z][a-z0-9-]*)/g)].map(([, target = ""]) => target);
    const lines = marked.filter((block) => block.file === file).flatMap(({ commands }) => commands);
    const called = lines.flatMap((line) =>
      [...line.matchAll(/\bmake ([a-z][a-z0-9-]*)/g)].map(([, target = ""]) => target),
    );
    return [...inline, ...called].filter((target) => !targets.has(target)).map((target) => `${file}: make ${target}`);
  });
  expect([...new Set(used)]).toEqual([]);
});

test.each(by("run"))("$file: $commands", ({ commands }) => {
  const directory = mkdtempSync(join(tmpdir(), "kubefence-docs-"));
  const kubefence = `kubefence() { ${process.execPath} ${join(root, "packages/cli/src/main.ts")} "$@"; }`;
  // bash takes a standard input that is a socket, as Node makes them, for a remote shell's, and would read its start-up file.
  const script = ["--norc", "-euo", "pipefail", "-c", [kubefence, ...commands].join("\n")];
  const { status, stderr } = spawnSync("bash", script, { cwd: directory, encoding: "utf8" });
  rmSync(directory, { recursive: true });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
