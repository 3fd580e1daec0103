import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

function delays(backoff: Backoff): number[] {
  return Array.from({ length: 9 }, () => backoff.next());
}

test("at once, then doubling up to the limit, jittered between half and all", () => {
  const limits = { minDelayMs: 100, maxDelayMs: 5000 };
  const least = new Backoff(limits, () => 0);
  const most = new Backoff(limits, () => 1);
  expect(delays(most)).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(delays(least)).toEqual([0, 50, 100, 200, 400, 800, 1600, 2500, 2500]);
});

test("after reset it begins anew", () => {
  const backoff = new Backoff({ minDelayMs: 100, maxDelayMs: 5000 });
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(0);
});

test("never above the limit, however often it failed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(1000), fc.nat(100_000), (attempts, minDelayMs, maxDelayMs) => {
      const backoff = new Backoff({ minDelayMs, maxDelayMs });
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        expect(backoff.next()).toBeLessThanOrEqual(maxDelayMs);
      }
    }),
  );
});
