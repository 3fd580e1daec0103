import { afterEach, describe, expect, test } from "vitest";
import { formatTime, now } from "./clock.ts";
import { formatJson, formatText } from "./format.ts";

const moment = { ms: Date.UTC(2026, 3, 23, 10, 11, 12, 340), nanoseconds: 56_700 };

const zone = process.env["TZ"];
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

describe("time", () => {
  test.each([
    ["UTC", "2026-04-23T10:11:12.3400567Z"],
    ["Europe/Vienna", "2026-04-23T12:11:12.3400567+02:00"],
    ["America/St_Johns", "2026-04-23T07:41:12.3400567-02:30"],
  ])("in %s", (name, text) => {
    process.env["TZ"] = name;
    // The second before makes sure that nothing of another zone is kept.
    formatTime({ ms: moment.ms - 1000, nanoseconds: 0 }, 9);
    expect(formatTime(moment, 9)).toBe(text);
    expect(Date.parse(text)).toBe(moment.ms);
  });

  test("trailing zeros go as in Go, in text milliseconds stay", () => {
    process.env["TZ"] = "UTC";
    expect(formatTime({ ms: Date.UTC(2026, 0, 1, 0, 0, 10), nanoseconds: 0 }, 9)).toBe("2026-01-01T00:00:10Z");
    expect(formatTime({ ms: Date.UTC(2026, 0, 1, 0, 0, 10), nanoseconds: 5 }, 3)).toBe("2026-01-01T00:00:10.000Z");
  });

  test("the clock agrees with the system's and never goes back", () => {
    let last = now();
    for (let step = 0; step < 1000; step++) {
      const next = now();
      expect(next.ms + next.nanoseconds / 1e6).toBeGreaterThanOrEqual(last.ms + last.nanoseconds / 1e6);
      last = next;
    }
    expect(Math.abs(last.ms - Date.now())).toBeLessThan(1000);
  });
});

describe("records", () => {
  test("JSON is compact, in the order of the attributes", () => {
    process.env["TZ"] = "UTC";
    formatTime({ ms: 0, nanoseconds: 0 }, 9);
    expect(
      formatJson(moment, "INFO", "injected", { decision: "inject", pod: "web", names: ["a", "b"], count: 2 }),
    ).toBe(
      '{"time":"2026-04-23T10:11:12.3400567Z","level":"INFO","msg":"injected","decision":"inject","pod":"web","names":["a","b"],"count":2}\n',
    );
    const empty = '{"time":"2026-04-23T10:11:12.3400567Z","level":"INFO","msg":"a \\"b\\""}\n';
    expect(formatJson(moment, "INFO", 'a "b"', {})).toBe(empty);
  });

  test("text quotes what slog quotes", () => {
    process.env["TZ"] = "UTC";
    formatTime({ ms: 0, nanoseconds: 0 }, 9);
    const attributes = {
      a: "plain",
      b: "two words",
      c: 'q"',
      d: "",
      e: ["x", "y"],
      f: "a=b",
      g: true,
      h: ["x"],
      i: "a\nb",
    };
    expect(formatText(moment, "WARN", "failed to write", attributes)).toBe(
      'time=2026-04-23T10:11:12.340Z level=WARN msg="failed to write" a=plain b="two words" c="q\\"" d="" e="[x y]" f="a=b" g=true h=[x] i="a\\nb"\n',
    );
  });
});
