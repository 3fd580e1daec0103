import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { Announcement } from "./announcement.ts";
import { takeOver } from "./take-over.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "kubefence-instances-"));
  closers.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** An instance that counts what happens to it. */
class Instance {
  readonly events: string[] = [];
  readonly announcement: Announcement;
  retiring: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.announcement = new Announcement(path, {
      retire: async () => {
        this.events.push("retire");
        await this.retiring;
      },
      resume: () => void this.events.push("resume"),
    });
    closers.push(() => this.announcement.close());
  }

  static async announced(path: string): Promise<Instance> {
    const instance = new Instance(path);
    await instance.announcement.open();
    return instance;
  }
}

const patientMs = 5000;

describe("an older instance", () => {
  test("retires, and the newer one waits until it has", async () => {
    const path = directory();
    const older = await Instance.announced(path);
    const retired = Promise.withResolvers<void>();
    older.retiring = retired.promise;
    let isDone = false;
    const taken = takeOver(path, "", patientMs).then((result) => {
      isDone = true;
      return result;
    });
    await expect.poll(() => older.events).toEqual(["retire"]);
    expect(isDone).toBe(false);
    retired.resolve();
    const { predecessors, silent } = await taken;
    expect([predecessors.length, silent]).toEqual([1, 0]);
    predecessors[0]?.destroy();
    await expect.poll(() => older.events).toEqual(["retire", "resume"]);
  });

  test("stays retired until the last newer one is gone", async () => {
    const path = directory();
    const older = await Instance.announced(path);
    const [first] = (await takeOver(path, "", patientMs)).predecessors;
    const [second] = (await takeOver(path, "", patientMs)).predecessors;
    first?.destroy();
    const third = await takeOver(path, "", patientMs);
    second?.destroy();
    expect(older.events).toEqual(["retire"]);
    third.predecessors[0]?.destroy();
    await expect.poll(() => older.events).toEqual(["retire", "resume"]);
    await takeOver(path, "", patientMs);
    expect(older.events).toEqual(["retire", "resume", "retire"]);
  });

  test("that hangs is not waited for long, and retires when it wakes", async () => {
    const path = directory();
    const older = await Instance.announced(path);
    const awake = Promise.withResolvers<void>();
    older.retiring = awake.promise;
    const { predecessors, silent } = await takeOver(path, "", 20);
    expect([predecessors.length, silent]).toEqual([1, 1]);
    awake.resolve();
    predecessors[0]?.destroy();
    await expect.poll(() => older.events).toEqual(["retire", "resume"]);
  });

  test("hears of nothing but the one request", async () => {
    const path = directory();
    const older = await Instance.announced(path);
    for (const line of ["other\n", "retire now\n", "x".repeat(100)]) {
      const socket = connect(older.announcement.path);
      socket.write(line);
      await once(socket.resume(), "close");
    }
    expect(older.events).toEqual([]);
  });
});

describe("sockets in the directory", () => {
  test("of an instance that was killed is removed, and its own is left alone", async () => {
    const path = directory();
    const own = await Instance.announced(path);
    // Listens, and goes without a word: the file stays.
    const killed = createServer();
    await new Promise<void>((resolve) => void killed.listen(join(path, "unlinked.sock"), resolve));
    renameSync(join(path, "unlinked.sock"), join(path, "dead.sock"));
    killed.close();
    writeFileSync(join(path, "other.txt"), "");
    expect(await takeOver(path, own.announcement.path, patientMs)).toEqual({ predecessors: [], silent: 0 });
    await expect.poll(() => readdirSync(path).includes("dead.sock")).toBe(false);
    expect(readdirSync(path)).toHaveLength(2);
    expect(own.events).toEqual([]);
  });

  test("of an instance that ends in good order goes with it", async () => {
    const path = directory();
    const one = await Instance.announced(path);
    await one.announcement.open();
    expect(readdirSync(path)).toHaveLength(1);
    await one.announcement.close();
    expect(readdirSync(path)).toEqual([]);
  });

  test("a directory that is not there has none", async () => {
    expect(await takeOver("/nonexistent", "", patientMs)).toEqual({ predecessors: [], silent: 0 });
  });
});
