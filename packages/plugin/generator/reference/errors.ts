import { readFileSync } from "node:fs";
import { NRI_ERRORS, Status } from "@kubefence/nri";
import { installErrors, manifestErrors, profileErrors, runtimeConfigErrors } from "../../../cli/src/errors.ts";
import { kataImageErrors } from "../../../cli/src/kata/image/errors.ts";
import { kataPolicyErrors } from "../../../cli/src/kata/policy/errors.ts";
import { nodeErrors } from "../../../cli/src/node/errors.ts";
import * as plugin from "../../src/errors.ts";
import { code, table } from "./table.ts";

export function pluginErrors(part: "container" | "launcher" | "start"): string {
  const entries = { container: plugin.containerErrors, launcher: plugin.launcherErrors, start: plugin.startErrors }[
    part
  ];
  return errorTable(Object.entries(entries));
}

export function commandErrors(): string {
  return errorTable(
    Object.entries({
      ...profileErrors,
      ...manifestErrors,
      ...runtimeConfigErrors,
      ...installErrors,
      ...nodeErrors,
      ...kataImageErrors,
      ...kataPolicyErrors,
    }),
  );
}

export function sdkErrors(): string {
  const statusNames = new Map<number, string>(Object.entries(Status).map(([name, value]) => [value, name]));
  return table(
    ["code", "status that the runtime gets", "what to do"],
    Object.entries(NRI_ERRORS).map(([name, { status, hint }]) => [
      code(name),
      `${status} ${statusNames.get(status)}`,
      hint,
    ]),
  );
}

/** The launcher's table is Rust: `/// meaning` and `Name = "CODE", EXIT_STATUS;`. */
export function launcherErrors(): string {
  const source = readFileSync(new URL("../../../../native/launcher/src/error.rs", import.meta.url), "utf8");
  const exits = new Map([...source.matchAll(/const (EXIT_\w+): u8 = (\d+);/g)].map(([, name, value]) => [name, value]));
  const entries = [...source.matchAll(/((?:^ +\/\/\/ .*\n)+) +\w+ = "(\w+)", (EXIT_\w+);/gm)];
  if (entries.length === 0) throw new Error("native/launcher/src/error.rs has no table of codes");
  return table(
    ["code", "exit status", "meaning"],
    entries.map(([, comment = "", name = "", exit]) => [
      code(name),
      exits.get(exit) ?? "",
      comment
        .replaceAll(/^ +\/\/\/ /gm, "")
        .replaceAll("\n", " ")
        .trim(),
    ]),
  );
}

function errorTable(entries: readonly [string, plugin.ErrorEntry][]): string {
  return table(
    ["code", "meaning", "what to do"],
    entries.map(([name, { meaning, action }]) => [code(name), meaning, sentence(action)]),
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
