import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { formatRecord, type SandboxRecord } from "./record.ts";
import { StateStore } from "./store.ts";

const root = mkdtempSync(join(tmpdir(), "kubefence-state-"));
const base = join(root, "state");
const failures: string[] = [];
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
  failures.length = 0;
});

function newStore(): StateStore {
  return new StateStore(base, {
    failed: (operation, containerId, error) => void failures.push(`${operation} ${containerId}: ${error}`),
  });
}

function record(containerId: string, podUid = "pod-uid"): SandboxRecord {
  return { containerId, podUid, pod: "web", namespace: "team-a", profile: "default" };
}

test("the content is the original's: five fields in order, compact, UTC in whole seconds", () => {
  expect(formatRecord(record("c1"), Date.parse("2026-04-23T10:11:12.987Z"))).toBe(
    '{"container_id":"c1","pod":"web","namespace":"team-a","profile":"default","timestamp":"2026-04-23T10:11:12Z"}',
  );
});

describe("records", () => {
  test("are written for root only, without a rest", async () => {
    const store = newStore();
    store.write(record("c1"));
    await store.idle();
    const directory = join(base, "pod-uid", "c1");
    expect(readdirSync(directory)).toEqual(["metadata.json"]);
    expect(JSON.parse(readFileSync(join(directory, "metadata.json"), "utf8"))).toMatchObject({ container_id: "c1" });
    expect(statSync(base).mode & 0o777).toBe(0o700);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, "metadata.json")).mode & 0o777).toBe(0o600);
  });

  test("go with the container; the pod's directory goes with its last", async () => {
    const store = newStore();
    store.write(record("c1"));
    store.write(record("c2"));
    store.remove("pod-uid", "c1");
    await store.idle();
    expect(readdirSync(join(base, "pod-uid"))).toEqual(["c2"]);
    store.remove("pod-uid", "c2");
    await store.idle();
    expect(readdirSync(base)).toEqual([]);
  });

  test("removal is idempotent, also of what never was", async () => {
    const store = newStore();
    store.remove("pod-uid", "c1");
    store.write(record("c1"));
    store.remove("pod-uid", "c1");
    store.remove("pod-uid", "c1");
    store.remove("other", "c1");
    await store.idle();
    expect(failures).toEqual([]);
    expect(existsSync(join(base, "pod-uid"))).toBe(false);
  });

  test("of a pod that the runtime no longer knows are found by the container", async () => {
    const store = newStore();
    store.write(record("c1", "pod-a"));
    store.write(record("c2", "pod-b"));
    store.remove("", "c2");
    store.remove("", "unknown");
    await store.idle();
    expect(readdirSync(base)).toEqual(["pod-a"]);
    expect(failures).toEqual([]);
  });

  test("of containers that are gone are swept, with what a crash left in them", async () => {
    const store = newStore();
    for (const id of ["c1", "c2", "c3"]) store.write(record(id, `pod-of-${id}`));
    await store.idle();
    writeFileSync(join(base, "pod-of-c1", "c1", ".metadata.json.tmp"), "");
    writeFileSync(join(base, "notes.txt"), "not ours");
    store.sweep(new Set(["c2"]));
    store.write(record("c4", "pod-of-c4"));
    await store.idle();
    expect(readdirSync(base).toSorted()).toEqual(["notes.txt", "pod-of-c2", "pod-of-c4"]);
  });
});

describe("what fails is told, with the container, and stops nothing", () => {
  test.each([
    ["..", "c1"],
    ["a/b", "c1"],
    ["a\\b", "c1"],
    ["", "c1"],
    ["pod-uid", "."],
    ["pod-uid", "../../x"],
  ])("ids that would leave the directory: %j %j", async (podUid, containerId) => {
    const store = newStore();
    store.write(record(containerId, podUid));
    await store.idle();
    expect(failures).toEqual([expect.stringMatching(/^write .*: invalid path component "/)]);
    expect(existsSync(base)).toBe(false);
  });

  test("a directory that cannot be written to", async () => {
    writeFileSync(base, "a file");
    const store = newStore();
    store.write(record("c1"));
    store.remove("pod-uid", "c2");
    await store.idle();
    expect(failures).toEqual([
      expect.stringMatching(/^write c1: E(?:NOTDIR|EXIST)/),
      expect.stringMatching(/^remove c2: ENOTDIR/),
    ]);
    rmSync(base);
    store.write(record("c1"));
    await store.idle();
    expect(existsSync(join(base, "pod-uid", "c1", "metadata.json"))).toBe(true);
  });

  test("a removal without a valid container id", async () => {
    const store = newStore();
    store.remove("", "");
    await store.idle();
    expect(failures).toEqual([expect.stringContaining('invalid path component ""')]);
  });
});

test("a record is never half there: it replaces the old one at once", async () => {
  const store = newStore();
  store.write(record("c1"));
  await store.idle();
  const path = join(base, "pod-uid", "c1", "metadata.json");
  const { ino } = statSync(path);
  chmodSync(path, 0o400);
  store.write({ ...record("c1"), profile: "strict" });
  await store.idle();
  expect(statSync(path).ino).not.toBe(ino);
  expect(readFileSync(path, "utf8")).toContain('"profile":"strict"');
});

test("the last wish for a container counts, also while an earlier one is being fulfilled", async () => {
  const store = newStore();
  for (let round = 0; round < 200; round++) {
    store.write(record("c1"));
    store.write(record(`c${round}`));
    if (round % 10 === 0) await new Promise((resolve) => void setImmediate(resolve));
    store.remove("pod-uid", `c${round}`);
    store.remove("pod-uid", "c1");
  }
  await store.idle();
  expect(failures).toEqual([]);
  expect(existsSync(join(base, "pod-uid"))).toBe(false);
});
