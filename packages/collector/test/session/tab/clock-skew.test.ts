import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correct, newClock, observeSkew } from "../../../src/session/tab/clock-skew.ts";

describe("a client's clock", () => {
  it("is corrected by the smallest observed offset", () => {
    const clock = newClock();
    observeSkew(clock, 1_000, 61_300);
    expect(correct(clock, 0, 500)).toBe(60_800);
    observeSkew(clock, 5_000, 65_050);
    expect(correct(clock, 1, 4_000)).toBe(64_050);
  });

  it("is never corrected to the collector's future beyond the jitter", () => {
    const clock = newClock();
    observeSkew(clock, 1_000, 2_000);
    expect(correct(clock, 0, 9_000)).toBe(2_010);
  });

  it("is estimated again after it was set back or stopped, but not after a slow batch", () => {
    const clock = newClock();
    observeSkew(clock, 10_000, 10_000);
    observeSkew(clock, 20_000, 50_000);
    expect(correct(clock, 0, 19_000)).toBe(19_000);
    observeSkew(clock, 30_000, 3_630_000);
    expect(correct(clock, 1, 29_000)).toBe(3_629_000);
  });

  it("never changes the order within a tab under any delay and reordering of batches", () => {
    const journey = fc.array(
      fc.record({ gap: fc.nat(2_000), count: fc.integer({ min: 1, max: 4 }), delay: fc.nat(5_000) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(
        journey,
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.infiniteStream(fc.nat(3)),
        (steps, skew, displaced) => {
          let now = 1_000_000;
          let seq = 0;
          const batches = steps.map(({ gap, count, delay }, index) => {
            const events = Array.from({ length: count }, () => {
              now += gap;
              return { seq: seq++, time: now };
            });
            return { events, sent: now, received: now + skew + delay, turn: index + displaced.next().value };
          });
          const clock = newClock();
          const corrected = new Map<number, number>();
          for (const { events, sent, received } of batches.toSorted((a, b) => a.turn - b.turn)) {
            observeSkew(clock, sent, received);
            for (const each of events) corrected.set(each.seq, correct(clock, each.seq, each.time));
          }
          const times = [...corrected.keys()].toSorted((a, b) => a - b).map((each) => corrected.get(each) ?? 0);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("stays small under many clock changes", () => {
    const clock = newClock();
    for (let turn = 0; turn < 100; turn += 1) observeSkew(clock, 0, 1_000_000 - turn * 1_000);
    expect(clock.steps.length).toBeLessThanOrEqual(8);
  });
});
