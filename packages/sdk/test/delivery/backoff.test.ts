import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoff } from "../../src/delivery/backoff.ts";

describe("the backoff", () => {
  it("is random below an exponential ceiling of at most a minute, and never shorter than the server asked for", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(100_000), (failures, retryAfterMs) => {
        const wait = backoff(failures, retryAfterMs);
        expect(wait).toBeGreaterThanOrEqual(retryAfterMs);
        expect(wait).toBeLessThanOrEqual(retryAfterMs + Math.min(60_000, 1_000 * 2 ** (failures - 1)));
      }),
    );
    expect(new Set(Array.from({ length: 20 }, () => backoff(5, 0))).size).toBeGreaterThan(1);
  });
});
