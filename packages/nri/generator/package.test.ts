import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
// Inside the package, so that its dependency resolves; dist/ is ignored by git.
const target = join(root, "dist", "test");
const env = { ...process.env, PATH: `${join(root, "..", "..", "node_modules", ".bin")}:${process.env["PATH"]}` };

afterAll(() => rmSync(target, { recursive: true, force: true }));

test("the published package has JavaScript and types behind each of its entries, and no tests", () => {
  execFileSync(process.execPath, [join(root, "generator", "package.ts"), target], { env });
  const { exports }: { exports: Record<string, { types: string; default: string }> } = JSON.parse(
    readFileSync(join(target, "package.json"), "utf8"),
  );
  expect(Object.keys(exports)).toEqual([".", "./testing"]);
  for (const { types } of Object.values(exports)) expect(existsSync(join(target, types))).toBe(true);
  const entry = (name: string): string => JSON.stringify(join(target, exports[name]?.default ?? ""));
  const code = `
    const { NriPlugin, NriError } = await import(${entry(".")});
    const { FakeRuntime } = await import(${entry("./testing")});
    const runtime = await FakeRuntime.start();
    const handlers = { createContainer: () => ({ adjust: { args: ["", "built"] } }) };
    const plugin = new NriPlugin({ name: "x", index: "10", socketPath: runtime.socketPath, handlers }, {});
    plugin.start();
    const peer = await runtime.nextPlugin();
    const answer = await peer.createContainer({ id: "p" }, { id: "c" });
    console.log(answer.adjust.args.join(" "), new NriError("REFUSED", "no").status);
    await plugin.close();
    await runtime.close();`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(output).toBe(" built 7\n");
  expect(existsSync(join(target, "rules.test.js"))).toBe(false);
}, 120_000);
