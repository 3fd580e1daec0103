/**
 * Every block of commands on the site says in its info string who runs it:
 *
 *   ```sh run                       docs/commands.test.ts runs it as it stands
 *   ```sh run-by=PATH               that test, script or workflow runs these commands
 *   ```sh not-run="why"             nobody does, and the page says so
 *
 * docs/commands.test.ts holds the marks to what they claim.
 */
export type Mark = { kind: "run" } | { kind: "run-by"; path: string } | { kind: "not-run"; why: string };

/** Of a block's info string: its language, and the mark of a block of commands. Undefined mark: none, or none that is known. */
export function parseInfo(info: string): { language: string; mark: Mark | undefined } {
  const [, language = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(info.trim()) ?? [];
  const path = /^run-by=(\S+)$/.exec(rest)?.[1];
  const why = /^not-run="([^"]+)"$/.exec(rest)?.[1];
  if (rest === "run") return { language, mark: { kind: "run" } };
  if (path !== undefined) return { language, mark: { kind: "run-by", path } };
  return { language, mark: why === undefined ? undefined : { kind: "not-run", why } };
}

/** The languages of blocks of commands. */
export const COMMAND_LANGUAGES: ReadonlySet<string> = new Set(["sh", "bash", "console"]);

/** The line below such a block. */
export function renderMark(mark: Mark, repository: string): string {
  if (mark.kind === "run") return caption("run by the tests of this page");
  if (mark.kind === "run-by") return caption(`run by <a href="${repository}/blob/main/${mark.path}">${mark.path}</a>`);
  return `<p class="command not-run">not run: ${mark.why.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>\n`;
}

const caption = (text: string): string => `<p class="command">${text}</p>\n`;
