import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JITTER, RETRY_AFTER_MS, retryAfterOf, retryIn, WEBHOOK_KEPT_MS } from "../../src/webhooks/retry.ts";

describe("the times between attempts", () => {
  it("fill most of a day, and never more", () => {
    const randoms = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: RETRY_AFTER_MS.length,
      maxLength: RETRY_AFTER_MS.length,
    });
    fc.assert(
      fc.property(randoms, (all) => {
        const sum = all.reduce((ms, random, index) => ms + (retryIn(index + 1, 0, random) ?? 0), 0);
        expect(sum).toBeLessThan(WEBHOOK_KEPT_MS);
        expect(sum).toBeGreaterThan(0.75 * WEBHOOK_KEPT_MS);
      }),
    );
  });

  it("vary by a tenth", () => {
    expect(retryIn(1, 0, 0)).toBe(5_000 * (1 - JITTER));
    expect(retryIn(1, 0, 1)).toBe(5_000 * (1 + JITTER));
  });

  it("are not shorter than the receiver asks", () => {
    expect(retryIn(1, 60_000, 0.5)).toBe(60_000);
    expect(retryIn(3, 60_000, 0.5)).toBe(300_000);
  });

  it("end", () => {
    expect(retryIn(RETRY_AFTER_MS.length, 0, 0.5)).toBe(RETRY_AFTER_MS.at(-1));
    expect(retryIn(RETRY_AFTER_MS.length + 1, 60_000, 0.5)).toBeUndefined();
  });
});

describe("Retry-After", () => {
  const NOW = Date.UTC(2026, 10, 30, 12);

  it.each([
    [null, 0],
    ["120", 120_000],
    ["Mon, 30 Nov 2026 12:00:30 GMT", 30_000],
    ["Mon, 30 Nov 2026 11:00:00 GMT", 0],
    ["999999999999", WEBHOOK_KEPT_MS],
    ["-5", 0],
    ["1.5", 0],
    ["soon", 0],
    ["", 0],
  ])("%j is a wait of %d ms", (header, ms) => {
    expect(retryAfterOf(header, NOW)).toBe(ms);
  });
});
