import { existsSync, readFileSync, watch } from "node:fs";

/** One JSON record of the plugin's log. */
export type LogRecord = Record<string, unknown> & { level: string; msg: string };

/** Reads the plugin's log file while the plugin writes it. */
export class PluginLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** All records so far. Throws on a line that is not JSON: there must be none. */
  records(): LogRecord[] {
    if (!existsSync(this.#path)) {
      return [];
    }
    const complete = readFileSync(this.#path, "utf8").split("\n").slice(0, -1);
    return complete.map((line): LogRecord => JSON.parse(line));
  }

  /** The first record whose members all equal those of `expected`; waits for it up to `timeoutMs`. */
  async find(expected: Record<string, unknown>, timeoutMs = 10_000): Promise<LogRecord> {
    const matches = (record: LogRecord): boolean =>
      Object.entries(expected).every(([key, value]) => record[key] === value);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), timeoutMs);
    try {
      return await new Promise<LogRecord>((resolve, reject) => {
        const look = (): void => {
          const found = this.records().find(matches);
          if (found !== undefined) {
            resolve(found);
          }
        };
        watch(this.#path, { signal: abort.signal }, look);
        abort.signal.addEventListener("abort", () => {
          const tail = this.records()
            .slice(-20)
            .map((record) => JSON.stringify(record));
          reject(
            new Error(
              `no record ${JSON.stringify(expected)} within ${timeoutMs} ms; the log ends:\n${tail.join("\n")}`,
            ),
          );
        });
        look();
      });
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }
}
