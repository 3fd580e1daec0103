import { describe, expect, test } from "vitest";
import { configuration } from "../testing/inputs.ts";
import type { Configuration } from "./configuration.ts";
import { checkLauncherForm } from "./launcher-form.ts";

const check = (changes: Partial<Configuration>): string | undefined => checkLauncherForm(configuration(changes));
const template = (...args: string[]): Partial<Configuration> => ({
  launcher: "template",
  launcherTemplate: new Map([["web", args]]),
});

describe("launcher, launcher_template, launcher_variables", () => {
  test.each<[string, Partial<Configuration>]>([
    ["ours", {}],
    ["nono", { launcher: "nono" }],
    ["a template", template("-ro", "/usr", "{ro}", "--name={profile}", "--")],
    ["variables", { ...template("--"), launcherVariables: ["LANDRUN_*", "DEBUG"] }],
  ])("%s is accepted", (_name, changes) => {
    expect(check(changes)).toBeUndefined();
  });

  test.each<[Partial<Configuration>, string]>([
    [{ launcher: "bwrap" }, 'must be "kubefence", "nono" or "template"'],
    [{ launcher: "nono", pathShims: true }, 'path_shims = true needs launcher = "kubefence"'],
    [{ launcherTemplate: new Map([["web", ["--"]]]) }, "launcher_template is given"],
    [{ launcher: "nono", launcherVariables: ["A"] }, "launcher_variables is given"],
    [{ launcher: "template" }, "must not be empty"],
    [template(), "would restrict nothing"],
    [template("{rw"), "none"],
    [template("{workdir}"), '"{workdir}": known are'],
    [template("a\0b"), "NUL"],
    [{ launcher: "template", launcherTemplate: new Map([["../x", ["--"]]]) }, "must match"],
    [{ ...template("--"), launcherVariables: ["A*B"] }, "NAME or PREFIX*"],
    [{ ...template("--"), launcherVariables: ["A="] }, "NAME or PREFIX*"],
    [{ ...template("--"), launcherVariables: ["*"] }, "NAME or PREFIX*"],
    [{ ...template("--"), launcherVariables: ["PATH"] }, "every sandboxed container"],
  ])("%o", (changes, text) => {
    expect(check(changes) ?? "none").toContain(text);
  });
});
