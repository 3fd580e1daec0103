// Recordings in the format of asciinema, version 2: https://docs.asciinema.org/manual/asciicast/v2/

/** A piece of a terminal's output. */
export interface OutputEvent {
  /** Since the recording's start. */
  seconds: number;
  data: string;
}

/** A recorded terminal session. */
export interface Recording {
  title: string;
  columns: number;
  rows: number;
  events: OutputEvent[];
}

const typing = { startSeconds: 0.5, keySeconds: 0.03, enterSeconds: 0.5 };
/** A player shortens longer silence to this. */
const longestSilenceSeconds = 1;

/** A session in which this command is typed and then says these events. */
export function recordCommand(title: string, command: string, events: OutputEvent[]): Recording {
  const keys = command.split("").map((key, index) => ({
    seconds: typing.startSeconds + index * typing.keySeconds,
    data: key,
  }));
  const typedSeconds = typing.startSeconds + keys.length * typing.keySeconds + typing.enterSeconds;
  const said = events.map(({ seconds, data }) => ({
    seconds: typedSeconds + seconds,
    data: data.replaceAll("\n", "\r\n"),
  }));
  const all = [{ seconds: 0, data: "$ " }, ...keys, { seconds: typedSeconds, data: "\r\n" }, ...said];
  const lines = all
    .map(({ data }) => data)
    .join("")
    .split("\r\n");
  return { title, columns: 100, rows: lines.length, events: all };
}

/** The recording as a file's text. */
export function formatRecording({ title, columns, rows, events }: Recording): string {
  const header = { version: 2, width: columns, height: rows, title, idle_time_limit: longestSilenceSeconds };
  const lines = events.map(({ seconds, data }) => [Number(seconds.toFixed(3)), "o", data]);
  return `${[header, ...lines].map((line) => JSON.stringify(line)).join("\n")}\n`;
}

/** Reads such a file. */
export function parseRecording(content: string): Recording {
  const [header = "{}", ...lines] = content.trimEnd().split("\n");
  const { title, width, height }: { title: string; width: number; height: number } = JSON.parse(header);
  const events = lines.flatMap((line): OutputEvent[] => {
    const [seconds, kind, data]: [number, string, string] = JSON.parse(line);
    return kind === "o" ? [{ seconds, data }] : [];
  });
  return { title, columns: width, rows: height, events };
}

/** The events with silence shortened, as a player shows them. */
export function withoutSilence(events: OutputEvent[]): OutputEvent[] {
  let [before, shown] = [0, 0];
  return events.map(({ seconds, data }) => {
    shown += Math.min(seconds - before, longestSilenceSeconds);
    before = seconds;
    return { seconds: shown, data };
  });
}
