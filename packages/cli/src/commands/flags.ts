/** Values of flags that several commands have. */
import { isAbsolute } from "node:path";
import { UsageError } from "./output.ts";

/** Paths by the names that commander gives their flags: `runtimeBinary` is --runtime-binary. @throws {UsageError} for one that is not absolute */
export function requireAbsolute(paths: Readonly<Record<string, string | undefined>>): void {
  for (const [name, path] of Object.entries(paths)) {
    if (path === undefined || isAbsolute(path)) continue;
    const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${flag} ${path}: must be an absolute path`);
  }
}

/** A time in milliseconds. @throws {UsageError} for what are no seconds up to `most` */
export function secondsAsMs(flag: string, text: string, most: number, zero: "not zero" | "or zero"): number {
  const value = Number(text);
  const isEnough = zero === "or zero" ? value >= 0 : value > 0;
  if (text.trim() !== "" && isEnough && value <= most) return value * 1000;
  throw new UsageError(`${flag} ${text}: must be seconds, ${zero === "or zero" ? "0" : "more than 0"} to ${most}`);
}
