import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Comparison, compare, unseenDifferences } from "../differential/compare.ts";
import { manifestCases } from "../differential/manifests.ts";
import { operations } from "../differential/operations.ts";
import { differencesPage } from "../differential/page.ts";
import { tryOperations, type World } from "../differential/run.ts";
import { compilePrograms, layOut } from "../differential/world.ts";
import { expectReferencePage } from "../reference-page.ts";
import { run } from "../stack/command.ts";
import { cache, checkout } from "../stack/directories.ts";

// The same manifest under our launcher and under upstream nono, and the same operations under both.

const nonoVersion = readFileSync(join(checkout, "NONO_VERSION"), "utf8").trim();
const upstream = join(cache, `nono-${nonoVersion}/bin/nono`);
const launcher = join(cache, "bin/nono");
/** The page holds for this ABI: rights and scopes depend on it. */
const pageAbi = 7;

const notRun = existsSync(upstream) ? undefined : "not run: make nono-build";

let directory: string;
let world: World;
const comparisons: Comparison[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "kubefence-differential-"));
  world = { template: join(directory, "world"), upstream };
  await layOut(world.template, await compilePrograms(directory, launcher));
  if (notRun !== undefined) {
    console.warn(`comparison with nono ${nonoVersion}: ${notRun}`);
  }
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("without a sandbox every operation works", async () => {
  const result = await tryOperations({ template: world.template }, "nothing", { name: "", about: "", grants: [] });
  // ENOTTY is a device's answer to a request that it does not know.
  const failed =
    "answers" in result ? [...result.answers].filter(([, answer]) => !["ok", "ENOTTY"].includes(answer)) : result;
  expect(failed).toEqual([]);
  expect(operations.length).toBe(new Set(operations).size);
});

describe(`against nono ${nonoVersion}${notRun === undefined ? "" : ` (${notRun})`}`, () => {
  test.for(manifestCases)("manifest $name: every difference has a listed reason", async (manifest, { skip }) => {
    skip(notRun !== undefined, notRun);
    const found = await compare(world, manifest);
    comparisons.push(...found);
    const unexplained = found.filter(({ effect, difference }) => effect !== undefined && difference === undefined);
    expect(unexplained).toEqual([]);
  });

  test("every listed difference is there, and docs/reference/nono-differences.md says so", async ({ skip }) => {
    skip(notRun !== undefined, notRun);
    const { landlock } = JSON.parse(await run(launcher, ["--probe"]));
    skip(
      landlock.abi !== pageAbi,
      `not run: the page holds for Landlock ABI ${pageAbi}, this kernel has ${landlock.abi}`,
    );
    expect(new Set(comparisons.map(({ manifest }) => manifest)).size).toBe(manifestCases.length);
    expect(unseenDifferences(comparisons).map(({ title }) => title)).toEqual([]);
    expectReferencePage("nono-differences.md", differencesPage(comparisons, nonoVersion, pageAbi));
  });
});
