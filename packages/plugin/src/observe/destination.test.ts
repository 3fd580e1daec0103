import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { LogDestination } from "./destination.ts";

const directory = mkdtempSync(join(tmpdir(), "kubefence-log-"));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function openPipe(name: string): { reader: number; writer: number } {
  const path = join(directory, name);
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, constants.O_WRONLY) };
}

function readAvailable(reader: number): string {
  const buffer = Buffer.alloc(4 * 1024 * 1024);
  let length = 0;
  try {
    for (let read = -1; read !== 0; length += read)
      read = readSync(reader, buffer, length, buffer.length - length, null);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) throw error;
  }
  return buffer.toString("utf8", 0, length);
}

function line(index: number): string {
  return `${String(index).padStart(5, "0")} ${"x".repeat(1017)}\n`;
}

test("lines of one tick are written together at its end, or at once by flush", async () => {
  const path = join(directory, "file");
  const file = openSync(path, "w");
  const destination = new LogDestination(file, String);
  destination.write("one\n");
  destination.write("two\n");
  expect(readFileSync(path, "utf8")).toBe("");
  await expect.poll(() => readFileSync(path, "utf8")).toBe("one\ntwo\n");
  destination.write("three\n");
  destination.flush();
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\nthree\n");
  closeSync(file);
});

test("a pipe that nobody empties does not block; what fits is kept in order, the rest counted", async () => {
  const { reader, writer } = openPipe("slow");
  const destination = new LogDestination(writer, (count) => `dropped ${count}\n`);
  for (let index = 0; index < 3000; index++) {
    destination.write(line(index));
    if (index % 100 === 0) destination.flush();
  }
  let text = "";
  await expect
    .poll(
      () => {
        text += readAvailable(reader);
        return text.slice(-20);
      },
      { timeout: 20_000, interval: 5 },
    )
    .toMatch(/dropped \d+\n$/);
  const lines = text.split("\n").slice(0, -2);
  expect(lines.every((kept, index) => `${kept}\n` === line(index))).toBe(true);
  expect(lines.length + Number(/dropped (\d+)/.exec(text)?.[1])).toBe(3000);
  destination.write("later\n");
  destination.flush();
  expect(readAvailable(reader)).toBe("later\n");
  closeSync(reader);
  closeSync(writer);
});

test("a pipe whose reader is gone is given up without an error", () => {
  const { reader, writer } = openPipe("gone");
  const destination = new LogDestination(writer, String);
  closeSync(reader);
  destination.write("one\n");
  expect(() => destination.flush()).not.toThrow();
  destination.write("two\n");
  expect(() => destination.flush()).not.toThrow();
  closeSync(writer);
});
