import { now } from "./clock.ts";
import { LogDestination } from "./destination.ts";
import { formatJson, formatText, type Attributes, type Format } from "./format.ts";
import { levels, type LevelName } from "./level.ts";

/** Writes records; see docs/reference/log.md for each of them. */
export interface Log {
  info(message: string, attributes?: Attributes): void;
  warn(message: string, attributes?: Attributes): void;
  error(message: string, attributes?: Attributes): void;
  /** Hands over what is queued, before the process ends. */
  flush(): void;
}

/** JSON goes to stdout, text to stderr, as the original had it. Records below `level` are not written. */
export function openLog(options: { readonly json: boolean; readonly level: number }): Log {
  const format: Format = options.json ? formatJson : formatText;
  const destination = new LogDestination(options.json ? 1 : 2, (count) =>
    format(now(), "WARN", "log records dropped", { count }),
  );
  const write = (level: LevelName, message: string, attributes: Attributes = {}): void => {
    if (levels[level] >= options.level) destination.write(format(now(), level, message, attributes));
  };
  return {
    info: (message, attributes) => write("INFO", message, attributes),
    warn: (message, attributes) => write("WARN", message, attributes),
    error: (message, attributes) => write("ERROR", message, attributes),
    flush: () => destination.flush(),
  };
}
