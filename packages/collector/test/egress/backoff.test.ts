import { describe, expect, it } from "vitest";
import { retryAfter } from "../../src/egress/backoff.ts";

const retry = (afterMs?: number) =>
  ({ type: "retry", reason: "away", ...(afterMs !== undefined && { afterMs }) }) as const;

describe("the time to the next attempt", () => {
  it("doubles with each failure up to five minutes, of which half is jitter", () => {
    const longest = [1, 2, 3, 8, 9, 10, 100].map((failures) => retryAfter([retry()], failures, 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000]);
    expect(retryAfter([retry()], 1, 0)).toBe(500);
    expect(retryAfter([retry()], 100, 0)).toBe(150_000);
  });

  it("is the target's own wish, which is limited to an hour", () => {
    expect(retryAfter([retry(7_000), { type: "delivered" }, retry(9_000)], 3, 1)).toBe(9_000);
    expect(retryAfter([retry(0)], 3, 1)).toBe(0);
    expect(retryAfter([retry(86_400_000)], 1, 1)).toBe(3_600_000);
  });

  it("is the longer one of both when only some records have a wish", () => {
    expect(retryAfter([retry(0), retry()], 1, 1)).toBe(1_000);
    expect(retryAfter([retry(5_000), retry()], 1, 1)).toBe(5_000);
  });

  it("is a backoff after many attempts without a wait", () => {
    expect(retryAfter([retry(0)], 51, 1)).toBe(300_000);
  });
});
