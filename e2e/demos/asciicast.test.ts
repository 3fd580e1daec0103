import { expect, test } from "vitest";
import { formatRecording, parseRecording, recordCommand, withoutSilence } from "./asciicast.ts";

const recording = recordCommand("demo", "ls", [
  { seconds: 0.5, data: "one\ntwo\n" },
  { seconds: 30, data: "three\n" },
]);

test("a command is typed, and its output follows", () => {
  expect(recording.events.map(({ data }) => data).join("")).toBe("$ ls\r\none\r\ntwo\r\nthree\r\n");
  expect(recording.rows).toBe(5);
});

test("asciinema's format, version 2, there and back", () => {
  const text = formatRecording(recording);
  expect(JSON.parse(text.split("\n")[0] ?? "")).toMatchObject({ version: 2, width: 100, height: 5 });
  expect(JSON.parse(text.split("\n")[1] ?? "")).toEqual([0, "o", "$ "]);
  const { events, ...rest } = parseRecording(text);
  expect(rest).toEqual({ title: "demo", columns: 100, rows: 5 });
  expect(events.map(({ data }) => data)).toEqual(recording.events.map(({ data }) => data));
});

test("silence is shortened, nothing else", () => {
  const shown = withoutSilence(recording.events).map(({ seconds }) => seconds);
  expect(shown.at(-1)).toBeCloseTo((shown.at(-2) ?? 0) + 1);
  expect(shown.slice(0, -1)).toEqual(recording.events.slice(0, -1).map(({ seconds }) => expect.closeTo(seconds)));
});
