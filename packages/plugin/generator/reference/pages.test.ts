import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NRI_ERRORS } from "@kubefence/nri";
import { installErrors, manifestErrors, profileErrors, runtimeConfigErrors } from "../../../cli/src/errors.ts";
import { kataImageErrors } from "../../../cli/src/kata/image/errors.ts";
import { kataPolicyErrors } from "../../../cli/src/kata/policy/errors.ts";
import { nodeErrors } from "../../../cli/src/node/errors.ts";
import { keys } from "../../src/config/keys.ts";
import { pluginErrors } from "../../src/errors.ts";
import { pageNames, readPage, renderPage } from "./pages.ts";

test.each(pageNames)("docs/reference/%s.md is what `npm run generate` writes", async (name) => {
  expect(await renderPage(name)).toBe(readPage(name));
});

/** First cells of the page's table rows that are code. */
function listed(page: string): string[] {
  return [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, cell = ""]) => cell);
}

describe("errors", () => {
  const page = readPage("errors");
  const launcher = readFileSync(new URL("../../../../native/launcher/src/error.rs", import.meta.url), "utf8");
  const launcherCodes = [...launcher.matchAll(/= "([A-Z_]+)", EXIT_/g)].map(([, name = ""]) => name);

  test("the launcher's table was found", () => {
    expect(launcherCodes).toContain("PROOF_FAILED");
  });

  test("every code of plugin, SDK, command line and launcher is on the page, and no other", () => {
    const codes = [
      pluginErrors,
      NRI_ERRORS,
      profileErrors,
      manifestErrors,
      runtimeConfigErrors,
      installErrors,
      nodeErrors,
      kataImageErrors,
      kataPolicyErrors,
    ].flatMap((table) => Object.keys(table));
    expect(listed(page).toSorted()).toEqual([...codes, ...launcherCodes].toSorted());
  });

  test("every code of the plugin is raised somewhere in its source, and says what to do", () => {
    const source = sourceFiles().join("\n");
    // Once in the union of codes, and where it is raised.
    const raised = (name: string): boolean => source.split(`"${name}"`).length > 2;
    const entries = Object.entries(pluginErrors);
    expect(entries.filter(([name, { action }]) => !raised(name) || action === "")).toEqual([]);
  });
});

test("configuration: every key is on the page", () => {
  expect(listed(readPage("configuration"))).toEqual(expect.arrayContaining(Object.keys(keys)));
});

test("log: every record that the source writes is on the page, and no other", () => {
  const messages = new Set<string>();
  for (const source of sourceFiles()) {
    for (const [, message = ""] of source.matchAll(/log(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*[`"]([^`"]+)[`"]/g))
      messages.add(message);
    for (const [, message = ""] of source.matchAll(/forgetContainer\(daemon, "([^"]+)"/g)) messages.add(message);
    for (const [, message = ""] of source.matchAll(/format\(now\(\), "WARN", "([^"]+)"/g)) messages.add(message);
  }
  for (const operation of ["write", "remove"]) messages.add(`failed to ${operation} state metadata`);
  messages.delete("failed to ${operation} state metadata");
  const page = readFileSync(new URL("../../../../docs/reference/log.md", import.meta.url), "utf8");
  const onPage = [...page.matchAll(/^\| [A-Z ]+(?:or [A-Z]+ )?\| `([^`]+)` \|/gm)].map(([, message = ""]) => message);
  expect(onPage.toSorted()).toEqual([...messages].toSorted());
});

function sourceFiles(): string[] {
  const root = new URL("../../src/", import.meta.url);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.startsWith("testing/"))
    .map((file) => readFileSync(new URL(file, root), "utf8"));
}
