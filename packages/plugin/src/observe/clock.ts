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
  const offsetMinutes = -new Date(ms).getTimezoneOffset();
  const local = new Date(ms + offsetMinutes * 60_000).toISOString().slice(0, -1);
  const fraction = digits === 3 ? "" : String(nanoseconds).padStart(6, "0");
  const time = digits === 3 ? local : (local + fraction).replace(/\.?0+$/, "");
  return time + formatOffset(offsetMinutes);
}

function formatOffset(minutes: number): string {
  if (minutes === 0) return "Z";
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${twoDigits(Math.floor(absolute / 60))}:${twoDigits(absolute % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
