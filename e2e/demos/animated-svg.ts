import xterm from "@xterm/headless";
import { type Recording, withoutSilence } from "./asciicast.ts";

const cell = { width: 8.4, height: 18, fontSize: 14 };
const margin = 14;
/** How long the last picture stays before the film begins anew. */
const restSeconds = 6;
const background = "#15171c";
/** The colours that demos use, by their number in SGR 30 to 37; anything else is the text's. */
const colours: Record<number, string> = { 1: "#ff7b72", 2: "#7ee787", 3: "#e3b341" };

/** Some text of a line in one colour. */
interface Span {
  column: number;
  text: string;
  colour: string | undefined;
}

/** What a line of the screen shows from one moment to another. */
interface Shown {
  row: number;
  spans: Span[];
  from: number;
  /** Undefined: to the end. */
  to: number | undefined;
}

/** A recording as an SVG that plays itself. Without animation it shows the end. The same recording gives the same bytes. */
export async function animatedSvg(recording: Recording): Promise<string> {
  const { title, columns, rows } = recording;
  const events = withoutSilence(recording.events);
  const seconds = (events.at(-1)?.seconds ?? 0) + restSeconds;
  const lines = await play({ ...recording, events });
  const [width, height] = [columns * cell.width + 2 * margin, rows * cell.height + 2 * margin];
  const percent = (at: number): string => `${Number(((at / seconds) * 100).toFixed(3))}%`;
  const keyframes = lines.map(({ from, to }, index) => {
    const end = to === undefined ? "" : `${percent(to)}{visibility:hidden}`;
    return `@keyframes k${index}{0%{visibility:hidden}${percent(from)}{visibility:visible}${end}}`;
  });
  const texts = lines.map(({ row, spans, to }, index) => {
    const hidden = to === undefined ? "" : ' visibility="hidden"';
    const y = margin + row * cell.height + cell.fontSize;
    const parts = spans.map(({ column, text, colour }) => {
      const fill = colour === undefined ? "" : ` fill="${colour}"`;
      return `<tspan x="${Number((margin + column * cell.width).toFixed(1))}"${fill}>${escape(text)}</tspan>`;
    });
    return `<text y="${y}"${hidden} style="animation-name:k${index}">${parts.join("")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escape(title)}</title>
<style>
text{font:${cell.fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d6d9e0;white-space:pre;animation:${Number(seconds.toFixed(3))}s step-end infinite}
@media (prefers-reduced-motion:reduce){text{animation:none}}
${keyframes.join("\n")}
</style>
<rect width="${width}" height="${height}" rx="8" fill="${background}"/>
${texts.join("\n")}
</svg>
`;
}

/** What each line shows when, in the order of appearance. Empty lines are left out. */
async function play({ columns, rows, events }: Recording): Promise<Shown[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const shown: Shown[] = [];
  const now = new Map<number, Shown>();
  for (const { seconds, data } of events) {
    await new Promise<void>((resolve) => terminal.write(data, resolve));
    for (let row = 0; row < rows; row++) {
      const spans = spansOf(terminal, row);
      const before = now.get(row);
      if (JSON.stringify(spans) === JSON.stringify(before?.spans ?? [])) continue;
      if (before !== undefined) before.to = seconds;
      const next = { row, spans, from: seconds, to: undefined };
      now.set(row, next);
      if (spans.length > 0) shown.push(next);
    }
  }
  terminal.dispose();
  // What came and went within one moment was never seen.
  return shown.filter(({ from, to }) => to === undefined || to > from);
}

function spansOf(terminal: InstanceType<typeof xterm.Terminal>, row: number): Span[] {
  const line = terminal.buffer.active.getLine(terminal.buffer.active.viewportY + row);
  const text = line?.translateToString(true) ?? "";
  const spans: Span[] = [];
  for (let column = 0; column < text.length; column++) {
    const colour = colours[line?.getCell(column)?.getFgColor() ?? -1];
    const last = spans.at(-1);
    if (last !== undefined && last.colour === colour) last.text += text[column];
    else spans.push({ column, text: text[column] ?? "", colour });
  }
  return spans.filter((span) => span.text.trim() !== "");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
