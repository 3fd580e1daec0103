import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkout } from "../stack/directories.ts";
import { animatedSvg } from "./animated-svg.ts";
import { parseRecording } from "./asciicast.ts";

const read = (name: string): string => readFileSync(join(checkout, name), "utf8");
const play = (...events: [number, string][]): Promise<string> =>
  animatedSvg({ title: "a <b>", columns: 40, rows: 3, events: events.map(([seconds, data]) => ({ seconds, data })) });

test("a line appears when it is written, and stays", async () => {
  const svg = await play([0.5, "first\r\n"], [1, "second\r\n"]);
  // The last picture stays for 6 s, so 7 s in all.
  expect(svg).toContain("@keyframes k0{0%{visibility:hidden}7.143%{visibility:visible}}");
  expect(svg).toContain("@keyframes k1{0%{visibility:hidden}14.286%{visibility:visible}}");
  expect(svg.match(/<tspan[^>]*>[^<]*/g)?.map((span) => span.replace(/.*>/, ""))).toEqual(["first", "second"]);
});

test("a line that is typed takes the place of its beginning", async () => {
  const svg = await play([0, "$ "], [0.5, "l"], [1, "s"]);
  expect(svg).toMatch(/<text [^>]*visibility="hidden"[^>]*><tspan[^>]*>\$ <\/tspan>/);
  expect(svg).toMatch(/<text y="\d+" style="animation-name:k2"><tspan[^>]*>\$ ls<\/tspan>/);
});

test("colours, and text that would be markup", async () => {
  const svg = await play([0, "a \u001b[31mBLOCKED\u001b[0m & <b>"]);
  expect(svg).toContain('fill="#ff7b72">BLOCKED</tspan>');
  expect(svg).toContain("&amp; &lt;b&gt;</tspan>");
  expect(svg).toContain("<title>a &lt;b&gt;</title>");
});

describe("the recordings of contrib/", () => {
  const files = globSync("contrib/*/demo.cast", { cwd: checkout });

  test("there are four", () => {
    expect(files).toHaveLength(4);
  });

  test.each(files)("%s is what its picture shows", async (file) => {
    expect(await animatedSvg(parseRecording(read(file)))).toBe(read(file.replace(".cast", ".svg")));
  });
});
