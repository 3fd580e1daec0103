import { KubefenceError } from "../errors.ts";

/** Log levels with slog's numbers: four apart, so that offsets such as `info+2` lie between. */
export type LevelName = "DEBUG" | "INFO" | "WARN" | "ERROR";
export const levels: Readonly<Record<LevelName, number>> = { DEBUG: -4, INFO: 0, WARN: 4, ERROR: 8 };

/** Parses `info`, `WARN`, `info+2`, `error-1` to a number. Throws LOG_LEVEL_INVALID with the original's text. */
export function parseLevel(text: string): number {
  const signAt = text.search(/[+-]/);
  const name = (signAt < 0 ? text : text.slice(0, signAt)).toUpperCase();
  const offset = signAt < 0 ? "0" : text.slice(signAt);
  if (!/^[+-]?\d+$/.test(offset)) {
    throw invalid(text, `strconv.Atoi: parsing ${JSON.stringify(offset)}: invalid syntax`);
  }
  const level = Object.entries(levels).find(([known]) => known === name);
  if (level === undefined) throw invalid(text, "unknown name");
  return level[1] + Number(offset);
}

function invalid(text: string, reason: string): KubefenceError {
  const quoted = JSON.stringify(text);
  return new KubefenceError(
    "LOG_LEVEL_INVALID",
    `invalid log level ${quoted}: slog: level string ${quoted}: ${reason}`,
  );
}
