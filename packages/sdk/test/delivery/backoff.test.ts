import fc from "fast-check";
import { expect, it } from "vitest";
import { backoff } from "../../src/delivery/backoff.ts";

it("a wait is random below an exponential ceiling of at most a minute, and never shorter than the server asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(100_000), (failures, atLeast) => {
      const wait = backoff(failures, atLeast);
      expect(wait).toBeGreaterThanOrEqual(atLeast);
      expect(wait).toBeLessThanOrEqual(atLeast + Math.min(60_000, 1_000 * 2 ** (failures - 1)));
    }),
  );
  expect(new Set(Array.from({ length: 20 }, () => backoff(5, 0))).size).toBeGreaterThan(1);
});
