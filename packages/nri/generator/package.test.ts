/** The package as npm gets it, installed without a network into an empty project, as its users have it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const modules = join(root, "..", "..", "node_modules");
const env = { ...process.env, PATH: `${join(modules, ".bin")}:${process.env["PATH"]}` };
const scratch = mkdtempSync(join(tmpdir(), "kubefence-package-"));
const project = join(scratch, "project");

function run(directory: string, program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, {
      cwd: directory,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 60_000,
    });
  } catch (error) {
    // What a compiler has to say is on stdout.
    throw new Error(`${program}: ${error instanceof Error && "stdout" in error ? String(error.stdout) : ""}`, {
      cause: error,
    });
  }
}

beforeAll(() => {
  const built = join(scratch, "built");
  run(root, process.execPath, join(root, "generator", "package.ts"), built);
  run(scratch, "mkdir", "project");
  // As the guide begins.
  run(project, "npm", "init", "-y");
  run(project, "npm", "pkg", "set", "type=module");
  // What the registry would hand out, each as a file.
  const packages = [built, ...["@bufbuild/protobuf", "@types/node", "undici-types"].map((name) => join(modules, name))];
  for (const folder of packages) run(scratch, "npm", "pack", "--silent", folder);
  const tarballs = readdirSync(scratch).filter((name) => name.endsWith(".tgz"));
  run(project, "npm", "install", "--offline", "--silent", ...tarballs.map((name) => join(scratch, name)));
}, 120_000);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("it holds JavaScript and types for each of its entries, the examples, and nothing that only we need", () => {
  const installed = join(project, "node_modules", "@kubefence", "nri");
  const { exports }: { exports: Record<string, { types: string; default: string } | string> } = JSON.parse(
    readFileSync(join(installed, "package.json"), "utf8"),
  );
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  expect(Object.keys(exports)).toEqual([".", "./testing", "./package.json"]);
  for (const entry of Object.values(exports))
    for (const path of typeof entry === "string" ? [entry] : Object.values(entry))
      expect(files).toContain(path.replace("./", ""));
  expect(files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "examples/timezone.ts"]));
  expect(files.filter((name) => /\.test\.|fuzz|captured|(?<!\.d)(?<!^examples\/[a-z]+)\.ts$/.test(name))).toEqual([]);
});

test("a plugin in 30 lines compiles against its types, and runs", async () => {
  copyFileSync(join(root, "examples", "timezone.ts"), join(project, "plugin.ts"));
  expect(readFileSync(join(project, "plugin.ts"), "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(30);
  writeFileSync(
    join(project, "tsconfig.json"),
    // Library checks are on: our declarations must stand on their own.
    JSON.stringify({
      compilerOptions: { strict: true, module: "nodenext", noEmit: true, types: ["node"], skipLibCheck: false },
    }),
  );
  expect(run(project, "tsc", "-p", project)).toBe("");
  writeFileSync(join(project, "drive.js"), DRIVE);
  const driver = spawn(process.execPath, ["drive.js"], { cwd: project, env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    expect(await outputOf(driver)).toEqual([
      "without the annotation: nothing",
      "Europe/Berlin: TZ=Europe/Berlin",
      "Atlantis: refused: 7 CreateContainer: example.com/timezone: Atlantis is no time zone",
      "plugin printed: default/web/app: Europe/Berlin",
      "plugin ended with 0",
    ]);
  } finally {
    driver.kill("SIGKILL");
  }
}, 120_000);

test("the test in the SDK guide runs as it stands there", () => {
  const guide = readFileSync(join(root, "..", "..", "docs", "guide", "sdk.md"), "utf8");
  const [, code = ""] = /^```ts\n(.*?)^```$/ms.exec(guide) ?? [];
  expect(code).toContain("FakeRuntime.start");
  copyFileSync(join(root, "examples", "timezone.ts"), join(project, "plugin.ts"));
  writeFileSync(join(project, "plugin-test.ts"), code);
  expect(run(project, process.execPath, "plugin-test.ts")).toBe("default/web/app: Europe/Berlin\n");
}, 120_000);

async function outputOf(child: ChildProcess): Promise<string[]> {
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString()));
  await once(child, "close");
  return text.trimEnd().split("\n");
}

/** A program of that project: the installed fake runtime, and the plugin as a process of its own. */
const DRIVE = `
import { spawn } from "node:child_process";
import { once } from "node:events";
import { FakeRuntime } from "@kubefence/nri/testing";
const runtime = await FakeRuntime.start({ version: "v2.3.7", nriVersion: "v0.12.0" });
const plugin = spawn(process.execPath, ["plugin.ts"], {
  env: { ...process.env, NRI_SOCKET: runtime.socketPath }, stdio: ["ignore", "pipe", "inherit"],
});
let printed = "";
plugin.stdout.on("data", (chunk) => (printed += chunk));
const peer = await runtime.nextPlugin();
const create = async (annotations) => {
  try {
    const { adjust } = await peer.createContainer(
      { id: "p", name: "web", namespace: "default", annotations }, { id: "c", name: "app", args: ["date"] });
    return adjust?.env.map(({ key, value }) => key + "=" + value).join() || "nothing";
  } catch (error) {
    return "refused: " + error.status + " " + error.message;
  }
};
console.log("without the annotation:", await create({}));
for (const zone of ["Europe/Berlin", "Atlantis"]) console.log(zone + ":", await create({ "example.com/timezone": zone }));
plugin.kill("SIGTERM");
const [code] = await once(plugin, "exit");
console.log("plugin printed:", printed.trim());
console.log("plugin ended with", code);
await runtime.close();
`;
