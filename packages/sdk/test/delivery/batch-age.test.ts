import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchAge, FRESH_MS, SEND_WITHIN_MS } from "../../src/delivery/batch-age.ts";

const START = 1_795_000_000_000;

/** The wait of an event `ms` after the start of its page view. `readMs`: time of the latest read, in the same way. */
const waitAt = (
  ms: number,
  { type = "click", isAlone = true, readMs = Number.NEGATIVE_INFINITY, sendWithin = SEND_WITHIN_MS },
) =>
  batchAge(
    { type, time: START + ms } as Parameters<typeof batchAge>[0],
    { started_at: START },
    isAlone,
    START + readMs,
    sendWithin,
  );

const milliseconds = fc.nat(600_000);
const age = fc.record({
  type: fc.constantFrom("click", "page_view", "custom", "identify", "error", "form_submit"),
  isAlone: fc.boolean(),
  readMs: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), milliseconds),
  sendWithin: milliseconds,
});

describe("the wait of an event", () => {
  it("is short at first, grows with the page view, and ends at the maximum", () => {
    const waits = [0, 500, 1_000, 5_000, 15_000, 3_600_000].map((ms) => waitAt(ms, {}));
    expect(waits).toEqual([2_000, 2_000, 4_000, 20_000, 60_000, 60_000]);
  });

  it("is never negative, and never longer than the maximum", () => {
    fc.assert(
      fc.property(milliseconds, age, (ms, each) => {
        expect(waitAt(ms, each)).toBeGreaterThanOrEqual(0);
        expect(waitAt(ms, each)).toBeLessThanOrEqual(each.sendWithin);
      }),
    );
  });

  it("is at most 2 s while the page reads features, and longer when it has stopped", () => {
    const readMs = 60_000;
    const waits = [0, 10_000, 15_000, 15_500, 18_000, 30_000].map((ms) => waitAt(readMs + ms, { readMs }));
    expect(waits).toEqual([2_000, 2_000, 2_000, 2_000, 12_000, 60_000]);
    fc.assert(
      fc.property(milliseconds, fc.nat(15_000), age, (ms, since, each) => {
        expect(waitAt(ms, { ...each, readMs: ms - since })).toBeLessThanOrEqual(FRESH_MS);
      }),
    );
  });

  it("is none for an urgent event that is alone, and otherwise at most 2 s", () => {
    for (const type of ["custom", "identify", "error", "form_submit"]) {
      expect(waitAt(60_000, { type })).toBe(0);
      expect(waitAt(60_000, { type, isAlone: false })).toBe(2_000);
    }
  });

  it("is at most 2 s, and the same at any time, when the maximum is 2 s", () => {
    for (const ms of [0, 5_000, 3_600_000]) expect(waitAt(ms, { sendWithin: 2_000 })).toBe(2_000);
  });
});
