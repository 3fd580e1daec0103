import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NodeFlags, toNodeOptions } from "./node-options.ts";

const [node = "", program = ""] = process.argv;
let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), "kubefence-options-")));
});

afterEach(() => {
  process.argv.splice(0, 2, node, program);
  rmSync(directory, { recursive: true });
});

const flags: NodeFlags = {
  root: "/",
  profiles: [],
  pluginConfig: "/c",
  program: "/p",
  log: "/l",
  state: "/s",
  restart: "none",
  wait: "1",
};

test("the release lies beside the program, also where that is called by a link", () => {
  writeFileSync(join(directory, "kubefence"), "");
  symlinkSync(directory, `${directory}/link`);
  symlinkSync(`${directory}/kubefence`, `${directory}/called`);
  for (const called of ["kubefence", "link/kubefence", "called"]) {
    process.argv[1] = join(directory, called);
    expect(toNodeOptions(flags).release).toBe(directory);
  }
  expect(toNodeOptions({ ...flags, release: "/elsewhere" }).release).toBe("/elsewhere");
});
