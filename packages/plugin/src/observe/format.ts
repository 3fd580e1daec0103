import { formatTime, type Moment } from "./clock.ts";
import type { LevelName } from "./level.ts";

/** Attributes of a record, written in the order of the members. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Writes a record as one line, newline included. */
export type Format = (moment: Moment, level: LevelName, message: string, attributes: Attributes) => string;

/** slog's JSON: compact, so that `"pod":"name"` is a substring that people grep for. */
export const formatJson: Format = (moment, level, message, attributes) => {
  const rest = JSON.stringify(attributes).slice(1);
  return `{"time":"${formatTime(moment, 9)}","level":"${level}","msg":${JSON.stringify(message)}${rest === "}" ? "" : ","}${rest}\n`;
};

/** slog's text: `key=value`, quoted where need be. */
export const formatText: Format = (moment, level, message, attributes) => {
  const all: Attributes = { time: formatTime(moment, 3), level, msg: message, ...attributes };
  return `${Object.entries(all)
    .map(([key, value]) => `${key}=${quote(describe(value))}`)
    .join(" ")}\n`;
};

function describe(value: Attributes[string]): string {
  return typeof value === "object" ? `[${value.join(" ")}]` : String(value);
}

function quote(value: string): string {
  return /^[^\s"=\p{C}]+$/u.test(value) ? value : JSON.stringify(value);
}
