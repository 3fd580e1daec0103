import { readlinkSync } from "node:fs";

const SECONDS_PER_DAY = 86_400;
/** Days from 0000-03-01 to 1970-01-01. Years that begin in March end with the leap day. */
const DAYS_BEFORE_1970 = 719_468;
const DAYS_PER_400_YEARS = 146_097;

/**
 * `YYYY-MM-DDThh:mm:ss` of a second since 1970 (years 0 to 9999), in UTC and the proleptic Gregorian calendar, as
 * `Date.toISOString` has it. V8's Date loads ICU with its time zones for that: 0.8 MiB of a daemon on every node.
 */
export function formatUtc(second: number): string {
  const days = Math.floor(second / SECONDS_PER_DAY);
  const time = second - days * SECONDS_PER_DAY;
  const { year, month, day } = dateOf(days + DAYS_BEFORE_1970);
  const date = `${String(year).padStart(4, "0")}-${twoDigits(month)}-${twoDigits(day)}`;
  return `${date}T${twoDigits(Math.floor(time / 3600))}:${twoDigits(Math.floor(time / 60) % 60)}:${twoDigits(time % 60)}`;
}

/** The date of a day since 0000-03-01. */
function dateOf(day: number): { year: number; month: number; day: number } {
  const era = Math.floor(day / DAYS_PER_400_YEARS);
  const dayOfEra = day - era * DAYS_PER_400_YEARS;
  // Without the leap days before it, a year has 365 days: one in 4 years, none in 100, one in 400, which ends the era.
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  // From March, months have 31, 30, 31, 30, 31 days, twice and once more begun: 153 days in five months.
  const monthOfYear = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthOfYear < 10 ? monthOfYear + 3 : monthOfYear - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthOfYear + 2) / 5) + 1,
  };
}

export function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/**
 * True where the local time surely is UTC, as in nearly every container. In doubt false: then Date is asked, which reads
 * the same places in the same order.
 */
export function isUtcZone(): boolean {
  const zone = process.env["TZ"];
  if (zone !== undefined) return zone === "UTC";
  nodeIsUtc ??= linksToUtc("/etc/localtime");
  return nodeIsUtc;
}

let nodeIsUtc: boolean | undefined;

/** For a test with a link of its own; without the file the C library and ICU take UTC. */
export function linksToUtc(path: string): boolean {
  try {
    return /\/zoneinfo\/(?:Etc\/)?UTC$/.test(readlinkSync(path));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT";
  }
}
