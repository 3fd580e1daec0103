import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { watchDirectories, type DirectoryWatch } from "./watch.ts";

const HOUR_MS = 3_600_000;
const root = mkdtempSync(join(tmpdir(), "kubefence-watch-"));
let watch: DirectoryWatch | undefined;
afterEach(() => {
  watch?.close();
});

function directoryFor(name: string): string {
  const directory = join(root, name);
  rmSync(directory, { recursive: true, force: true });
  return directory;
}

test("a change in a directory runs the check, and so does one after the directory was replaced", async () => {
  const directory = directoryFor("replaced");
  mkdirSync(directory);
  let checks = 0;
  watch = watchDirectories([root, directory], HOUR_MS, async () => void checks++);
  await sleep(50);
  writeFileSync(join(directory, "nono"), "");
  await expect.poll(() => checks, { timeout: 5000 }).toBeGreaterThan(0);

  renameSync(directory, `${directory}.old`);
  mkdirSync(directory);
  await sleep(300);
  const before = checks;
  writeFileSync(join(directory, "nono"), "");
  await expect.poll(() => checks, { timeout: 5000 }).toBeGreaterThan(before);
});

test("without any change the interval runs it", async () => {
  let checks = 0;
  watch = watchDirectories([join(root, "missing")], 10, async () => void checks++);
  await expect.poll(() => checks, { timeout: 5000 }).toBeGreaterThan(2);
});

test("checks never overlap, and a change during one is not lost", async () => {
  const directory = directoryFor("slow");
  mkdirSync(directory);
  let running = 0;
  let most = 0;
  let checks = 0;
  watch = watchDirectories([directory], HOUR_MS, async () => {
    most = Math.max(most, ++running);
    if (checks++ === 0) writeFileSync(join(directory, "during"), "");
    await sleep(200);
    running--;
  });
  await sleep(50);
  writeFileSync(join(directory, "first"), "");
  await vi.waitUntil(() => checks >= 2 && running === 0, 5000);
  expect(most).toBe(1);
});

test("closed, it runs nothing more", async () => {
  const directory = directoryFor("closed");
  mkdirSync(directory);
  let checks = 0;
  watch = watchDirectories([directory], HOUR_MS, async () => void checks++);
  await sleep(50);
  watch.close();
  writeFileSync(join(directory, "nono"), "");
  await sleep(300);
  expect(checks).toBe(0);
});
