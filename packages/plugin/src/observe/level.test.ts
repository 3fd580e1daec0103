import { expect, test } from "vitest";
import { parseLevel } from "./level.ts";

test.each([
  ["debug", -4],
  ["info", 0],
  ["INFO", 0],
  ["Warn", 4],
  ["error", 8],
  ["info+2", 2],
  ["error-3", 5],
  ["debug-10", -14],
])("%s is %i", (text, level) => {
  expect(parseLevel(text)).toBe(level);
});

test.each([
  ["loud", 'invalid log level "loud": slog: level string "loud": unknown name'],
  ["", 'invalid log level "": slog: level string "": unknown name'],
  ["warning", 'invalid log level "warning": slog: level string "warning": unknown name'],
  ["info+x", 'invalid log level "info+x": slog: level string "info+x": strconv.Atoi: parsing "+x": invalid syntax'],
  ["constructor", 'invalid log level "constructor": slog: level string "constructor": unknown name'],
])("%j is none", (text, message) => {
  expect(() => parseLevel(text)).toThrow(message);
});
