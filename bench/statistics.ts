/** What is reported of many times of the same thing: nearest-rank percentiles, in the unit of the input. */
export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Percentiles of at least one value; throws a RangeError for none. */
export function distribution(values: readonly number[]): Distribution {
  if (values.length === 0) {
    throw new RangeError("no values were measured");
  }
  const sorted = values.toSorted((left, right) => left - right);
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, min: rank(0), p50: rank(0.5), p90: rank(0.9), p99: rank(0.99) };
}

/** Middle value by nearest rank; throws a RangeError for none. */
export function median(values: readonly number[]): number {
  return distribution(values).p50;
}

/** The number with so many digits behind the point, for figures and tables. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
