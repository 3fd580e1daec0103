/** All or nothing, on real files: a node's root in a temporary folder. Kills of the process are in e2e. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { keptOf, owned, temporaryOf } from "../files/durable.ts";
import { Host } from "./host.ts";
import { lockNode } from "./lock.ts";
import { recover } from "./recover.ts";
import { type Change, Transaction } from "./transaction.ts";

vi.setConfig({ testTimeout: 120_000 });

let root = "";
let host: Host;
const state = "/var/state";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kubefence-transaction-"));
  host = new Host(root);
});
afterEach(() => rmSync(root, { recursive: true }));

/** Every path below the root, with mode and content; without the state folder. */
function snapshot(folder = root): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (path === join(root, "var")) continue;
    const status = lstatSync(path);
    const mode = (status.mode & 0o7777).toString(8);
    found[path.slice(root.length)] = status.isDirectory() ? mode : `${mode} ${readFileSync(path, "latin1")}`;
    if (status.isDirectory()) Object.assign(found, snapshot(path));
  }
  return found;
}

function put(path: string, text: string, mode = 0o644): void {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

const to = (path: string, text: string | undefined): Change => ({
  path,
  content: text === undefined ? undefined : Buffer.from(text),
  owner: owned(0o644),
});

describe("properties", () => {
  const path = fc.constantFrom("/etc/a", "/etc/b", "/etc/conf.d/c", "/opt/x/y/d");
  const files = fc.dictionary(path, fc.tuple(fc.string(), fc.constantFrom(0o600, 0o644, 0o755)), { maxKeys: 4 });
  const changes = fc.uniqueArray(fc.tuple(path, fc.option(fc.string(), { nil: undefined })), {
    selector: ([key]) => key,
  });
  const steps = fc.array(changes, { minLength: 1, maxLength: 3 });

  test.each(["undo", "undo by a later run", "commit"] as const)("%s", async (end) => {
    await fc.assert(
      fc.asyncProperty(files, steps, async (before, applied) => {
        rmSync(root, { recursive: true });
        mkdirSync(root);
        for (const [name, [text, mode]] of Object.entries(before)) put(name, text, mode);
        const first = snapshot();
        const transaction = Transaction.start(host, state, "test");
        for (const step of applied) await transaction.apply(step.map(([name, text]) => to(name, text)));
        if (end === "commit") await transaction.commit();
        else await (end === "undo" ? transaction : await Transaction.left(host, state))?.undo();
        const wanted = new Map(Object.entries(before).map(([name, [text]]) => [name, text]));
        for (const [name, text] of end === "commit" ? applied.flat() : []) {
          if (text === undefined) wanted.delete(name);
          else wanted.set(name, text);
        }
        for (const name of ["/etc/a", "/etc/b", "/etc/conf.d/c", "/opt/x/y/d"]) {
          const there = existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8") : undefined;
          expect(there).toBe(wanted.get(name));
        }
        const after = snapshot();
        expect(end === "commit" ? first : after).toEqual(first);
        expect(Object.keys(snapshot()).filter((name) => name.includes(".kubefence-"))).toEqual([]);
        expect(await Transaction.left(host, state)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });
});

describe("a failure in the middle", () => {
  test("puts back what was replaced before it", async () => {
    put("/etc/a", "old", 0o640);
    const { ino } = lstatSync(join(root, "/etc/a"));
    // A folder where a file should go: nothing can be renamed over it.
    mkdirSync(join(root, "/etc/b"));
    const before = snapshot();
    const transaction = Transaction.start(host, state, "test");
    const failing = transaction.apply([to("/etc/new/n", "new"), to("/etc/a", "new"), to("/etc/b", "new")]);
    await expect(failing).rejects.toMatchObject({
      code: "KF_NODE_WRITE",
      message: expect.stringContaining("/etc/b: "),
    });
    expect(snapshot()).toEqual(before);
    // The same file, not a copy of it.
    expect(lstatSync(join(root, "/etc/a")).ino).toBe(ino);
  });
});

describe("a failure that cannot be undone", () => {
  test("is told as it was; rolling back tells the rest", async () => {
    put("/etc/a", "old");
    mkdirSync(join(root, "/etc/b"));
    const transaction = Transaction.start(host, state, "test");
    await transaction.apply([to("/etc/a", "new")]);
    put("/etc/a", "theirs");
    await expect(transaction.apply([to("/etc/b", "new")])).rejects.toMatchObject({
      code: "KF_NODE_WRITE",
      message: expect.stringContaining("/etc/b: "),
    });
    await expect(transaction.undo()).rejects.toMatchObject({ code: "KF_NODE_CHANGED" });
  });
});

describe("a run that was killed", () => {
  test("after some files: the next undoes it, and removes what was half-written", async () => {
    put("/etc/a", "old");
    const before = snapshot();
    const killed = Transaction.start(host, state, "install");
    await killed.apply([to("/etc/a", "new"), to("/etc/c/new", "new")]);
    await killed.setMode("/etc", 0o700);
    writeFileSync(temporaryOf(join(root, "/etc/a")), "hal");
    const left = await Transaction.left(host, state);
    expect([left?.operation, left?.restarted, left?.done]).toEqual(["install", false, false]);
    await left?.undo();
    expect(snapshot()).toEqual(before);
  });

  test("at the end: the next forgets the old files", async () => {
    put("/etc/a", "old");
    const killed = Transaction.start(host, state, "install");
    await killed.apply([to("/etc/a", "new")]);
    const journal = join(root, state, "journal.json");
    writeFileSync(journal, readFileSync(journal, "utf8").replace('"done": false', '"done": true'));
    const left = await Transaction.left(host, state);
    expect(left?.done).toBe(true);
    await left?.commit();
    expect(snapshot()).toEqual({ "/etc": "755", "/etc/a": "644 new" });
  });

  test("and whose file somebody has changed since: it is left, with the old one beside it", async () => {
    put("/etc/a", "old");
    put("/etc/b", "old");
    await Transaction.start(host, state, "install").apply([to("/etc/a", "new"), to("/etc/b", "new")]);
    put("/etc/a", "theirs");
    const left = await Transaction.left(host, state);
    await expect(left?.undo()).rejects.toMatchObject({
      code: "KF_NODE_CHANGED",
      message: expect.stringContaining("/etc/a: "),
    });
    expect(readFileSync(join(root, "/etc/a"), "utf8")).toBe("theirs");
    expect(readFileSync(join(root, keptOf("/etc/a")), "utf8")).toBe("old");
    expect(readFileSync(join(root, "/etc/b"), "utf8")).toBe("old");
  });

  test("and whose folder somebody has removed since: the rest is undone", async () => {
    put("/etc/a", "old");
    mkdirSync(join(root, "/opt"), { mode: 0o755 });
    const killed = Transaction.start(host, state, "install");
    await killed.apply([to("/etc/a", "new")]);
    await killed.setMode("/opt", 0o700);
    rmSync(join(root, "/opt"), { recursive: true });
    await (await Transaction.left(host, state))?.undo();
    expect(snapshot()).toEqual({ "/etc": "755", "/etc/a": "644 old" });
    expect(await Transaction.left(host, state)).toBeUndefined();
  });

  test("and whose file cannot be put back: it is named, and the next run tries again", async () => {
    put("/etc/a", "old");
    await Transaction.start(host, state, "install").apply([to("/etc/a", "new"), to("/etc/b", "new")]);
    // Somebody's folder where our file was: no file can be removed there.
    rmSync(join(root, "/etc/b"));
    mkdirSync(join(root, "/etc/b"));
    await expect((await Transaction.left(host, state))?.undo()).rejects.toMatchObject({
      code: "KF_NODE_WRITE",
      message: expect.stringMatching(/\/etc\/b: what kubefence node install did there is not undone: .*; make room/),
    });
    rmSync(join(root, "/etc/b"), { recursive: true });
    await (await Transaction.left(host, state))?.undo();
    expect(snapshot()).toEqual({ "/etc": "755", "/etc/a": "644 old" });
  });

  test("while the runtime's parser ran: what it was given goes, once nobody can be reading it", async () => {
    for (const name of ["old", "new"]) put(`/run/kubefence-candidate-${name}/config.toml`, "");
    put("/run/other/config.toml", "");
    const hourAgo = Date.now() / 1000 - 3600;
    for (const name of ["kubefence-candidate-old", "other"]) utimesSync(join(root, "run", name), hourAgo, hourAgo);
    expect(await recover(host, state, () => Promise.reject(new Error("nothing to restart")))).toBeUndefined();
    expect(readdirSync(join(root, "run")).toSorted()).toEqual(["kubefence-candidate-new", "other"]);
  });

  test("a journal that is none is refused", async () => {
    put(`${state}/journal.json`, "{}");
    await expect(Transaction.left(host, state)).rejects.toMatchObject({ code: "KF_NODE_STATE" });
  });
});

describe("the lock", () => {
  test("is held by one, and given back", async () => {
    const first = await lockNode(host, state);
    await expect(lockNode(host, state)).rejects.toMatchObject({
      code: "KF_NODE_LOCKED",
      message: expect.stringContaining(`"pid":${process.pid}`),
    });
    await first[Symbol.asyncDispose]();
    await (await lockNode(host, state))[Symbol.asyncDispose]();
    expect(existsSync(join(root, state))).toBe(false);
  });

  test.each([
    ["a process that has ended", { startTime: "1" }],
    ["a boot before this one", { boot: "other" }],
  ])("of %s is taken over", async (_what, change) => {
    const lock = await lockNode(host, state);
    const path = join(root, state, "lock");
    const holder: object = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...holder, ...change }));
    const next = await lockNode(host, state);
    expect(readdirSync(join(root, state))).toEqual(["lock"]);
    await next[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
  });

  test.each([
    [
      "whose pids are others",
      JSON.stringify({
        pid: 1,
        startTime: "1",
        boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
        namespace: "pid:[1]",
      }),
    ],
    ["that is not ours", "?"],
  ])("of a holder %s is left", async (_what, text) => {
    put(`${state}/lock`, text);
    await expect(lockNode(host, state)).rejects.toMatchObject({ code: "KF_NODE_LOCKED" });
    expect(readFileSync(join(root, state, "lock"), "utf8")).toBe(text);
  });
});
