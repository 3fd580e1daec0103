import { formatUtc, isUtcZone, twoDigits } from "./utc.ts";

const NANOSECONDS_PER_MILLISECOND = 1_000_000;
/** A wall clock that moved by more than this against the monotonic one was set. */
const TOLERANCE_MS = 2;

/** A moment of the wall clock with more than milliseconds: `Date.now()` alone would give many records one time. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly ms: number;
  /** 0 to 999,999 nanoseconds beyond. */
  readonly nanoseconds: number;
}

let offsetMs = Date.now() - performance.now();

/** The present, monotonic as long as nobody sets the clock. */
export function now(): Moment {
  const monotonicMs = performance.now();
  const wallMs = Date.now();
  if (Math.abs(wallMs - (offsetMs + monotonicMs)) > TOLERANCE_MS) offsetMs = wallMs - monotonicMs;
  const exactMs = offsetMs + monotonicMs;
  const ms = Math.floor(exactMs);
  return { ms, nanoseconds: Math.floor((exactMs - ms) * NANOSECONDS_PER_MILLISECOND) };
}

/**
 * RFC 3339 with the local offset, as Go writes it: `digits` of 3 always shows milliseconds, 9 shows nanoseconds
 * without trailing zeros.
 */
export function formatTime({ ms, nanoseconds }: Moment, digits: 3 | 9): string {
  const second = Math.floor(ms / 1000);
  if (second !== cached.second) cached = describeSecond(second);
  const milliseconds = String(ms - second * 1000).padStart(3, "0");
  const fraction =
    digits === 3 ? milliseconds : (milliseconds + String(nanoseconds).padStart(6, "0")).replace(/0+$/, "");
  return `${cached.local}${fraction === "" ? "" : "."}${fraction}${cached.offset}`;
}

interface Second {
  /** Seconds since 1970. */
  readonly second: number;
  /** Date and time to the second in the local zone. */
  readonly local: string;
  readonly offset: string;
}

/** A burst of records shares its second. */
let cached: Second = { second: NaN, local: "", offset: "" };

function describeSecond(second: number): Second {
  const offsetMinutes = isUtcZone() ? 0 : -new Date(second * 1000).getTimezoneOffset();
  return { second, local: formatUtc(second + offsetMinutes * 60), offset: formatOffset(offsetMinutes) };
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(absolute / 60))}:${twoDigits(absolute % 60)}`;
}
