import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCorrection, newClock } from "../../../src/session/tab/clock.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOON = 1_800_000_000_000;

/** A batch of one tab, with the real times of its events. The client's clock shows each of them with an error. */
interface Journey {
  first: number;
  /** Real times of the events. */
  times: number[];
  /** The error of the clock that stamps the events, and of the one that stamps the sending. Positive: it is ahead. */
  error: number;
  sendError: number;
  sent: number;
  transit: number;
}

/** Corrects batches in the order of the list. Returns the corrected times by number. */
const corrected = (batches: readonly Journey[], clock = newClock()): Map<number, number> => {
  const found = new Map<number, number>();
  for (const { first, times, error, sendError, sent, transit } of batches) {
    const correct = createCorrection(clock, sent + sendError, sent + transit);
    for (const [index, time] of times.entries()) {
      if (!found.has(first + index)) found.set(first + index, correct(first + index, time + error));
    }
  }
  return found;
};

const byArrival = (batches: readonly Journey[]): Journey[] =>
  batches.toSorted((a, b) => a.sent + a.transit - (b.sent + b.transit));

/** The real times of all events by number. */
const realTimes = (batches: readonly Journey[]): Map<number, number> =>
  new Map(batches.flatMap(({ first, times }) => times.map((time, index) => [first + index, time] as const)));

const inOrder = (times: Map<number, number>): number[] =>
  [...times].toSorted(([a], [b]) => a - b).map(([, time]) => time);

interface JourneyOptions {
  error: fc.Arbitrary<number>;
  transit: fc.Arbitrary<number>;
}

/** Generates the batches of a tab, in the order of their numbers. Each has a clock of its own, or `sameClock`. */
const journeys = ({ error, transit }: JourneyOptions): fc.Arbitrary<Journey[]> =>
  fc
    .array(
      fc.record({
        gaps: fc.array(fc.oneof(fc.nat(2_000), fc.nat(90_000)), { minLength: 1, maxLength: 5 }),
        wait: fc.nat(MINUTE),
        /** Whether a page with another clock sends the batch. */
        isRecovered: fc.boolean(),
        error,
        transit,
      }),
      { minLength: 1, maxLength: 14 },
    )
    .map((steps) => {
      let [now, first, sendError] = [NOON, 0, 0];
      return steps.map(({ gaps, wait, isRecovered, error, transit }) => {
        const times = gaps.map((gap) => {
          now += gap;
          return now;
        });
        sendError = isRecovered ? sendError : error;
        const journey = { first, times, error, sendError, sent: now + wait, transit };
        first += times.length;
        return journey;
      });
    });

/** The same batches with one clock. */
const withClock = (batches: readonly Journey[], error: number): Journey[] =>
  batches.map((each) => ({ ...each, error, sendError: error }));

const anyError = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -2 * MINUTE, max: 2 * MINUTE }),
  fc.integer({ min: -400 * DAY, max: 400 * DAY }),
);
const anyTransit = fc.oneof(fc.nat(300), fc.nat(20_000), fc.nat(2 * 3_600_000));

describe("a client's clock", () => {
  it("that is right keeps its times, though the first request takes three seconds", () => {
    const times = Array.from({ length: 50 }, (_, index) => NOON + index * 200);
    const right = { error: 0, sendError: 0 };
    const batches = [0, 10, 20, 30, 40].map((first) => ({
      ...right,
      ...{ first, times: times.slice(first, first + 10), sent: NOON + first * 200 + 2_000 },
      transit: first === 0 ? 3_000 : 40,
    }));
    expect(inOrder(corrected(byArrival(batches)))).toEqual(times);
  });

  it("that is right keeps its times under any delays up to a minute and any order of arrival", () => {
    const batches = journeys({ error: fc.constant(0), transit: fc.nat(30_000) });
    fc.assert(
      fc.property(batches, fc.integer({ min: -30_000, max: 1_000 }), (all, error) => {
        const times = inOrder(realTimes(all)).map((time) => time + error);
        expect(inOrder(corrected(byArrival(withClock(all, error))))).toEqual(times);
      }),
      { numRuns: 1_000 },
    );
  });

  it("that is wrong is corrected within the time of a request, and keeps the intervals in a batch", () => {
    const batches = journeys({ error: fc.constant(0), transit: fc.nat(MINUTE) });
    fc.assert(
      fc.property(batches, anyError, (all, error) => {
        const times = corrected(withClock(all, error));
        for (const { first, times: real } of all) {
          const shifts = real.map((time, index) => (times.get(first + index) as number) - time);
          expect(new Set(shifts).size).toBe(1);
          expect(Math.abs(shifts[0] as number)).toBeLessThanOrEqual(MINUTE + 1_000);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("that steps between pages is followed", () => {
    const wrong = fc.constantFrom(0, 2 * MINUTE, -2 * MINUTE, 10 * MINUTE, -3_600_000, 7 * DAY, -400 * DAY);
    fc.assert(
      fc.property(journeys({ error: wrong, transit: fc.nat(500) }), (all) => {
        const times = corrected(all.map((each) => ({ ...each, sendError: each.error })));
        for (const [seq, real] of realTimes(all))
          expect(Math.abs((times.get(seq) as number) - real)).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 1_000 },
    );
  });

  it("that was set right applies to a later page, and not to batches of the earlier one", () => {
    const wrong = { error: 3_600_000, sendError: 3_600_000 };
    const batches = [
      { ...wrong, first: 0, times: [NOON, NOON + 100], sent: NOON + 200, transit: 0 },
      { error: 0, sendError: 0, first: 4, times: [NOON + 5_000, NOON + 5_100], sent: NOON + 5_200, transit: 0 },
      // The later page sends the last batch of the earlier one.
      { ...wrong, sendError: 0, first: 2, times: [NOON + 300, NOON + 400], sent: NOON + 6_000, transit: 20 },
    ];
    expect(corrected(batches)).toEqual(realTimes(batches));
  });

  it("that was set back a little is followed when the order shows it", () => {
    const batches = [
      { error: 0, sendError: 0, first: 0, times: [NOON, NOON + 1_000], sent: NOON + 1_100, transit: 0 },
      { error: -30_000, sendError: -30_000, first: 2, times: [NOON + 2_000], sent: NOON + 2_500, transit: 0 },
    ];
    expect(corrected(batches)).toEqual(realTimes(batches));
  });

  it("that is set back by less than a second keeps its shift, though the next request is slow", () => {
    const batches = [
      { error: 0, sendError: 0, first: 0, times: [NOON, NOON + 1_000], sent: NOON + 1_100, transit: 0 },
      {
        error: -500,
        sendError: -500,
        first: 2,
        times: [NOON + 1_200, NOON + 2_000],
        sent: NOON + 2_100,
        transit: 5_000,
      },
    ];
    expect(inOrder(corrected(batches))).toEqual([NOON, NOON + 1_000, NOON + 1_000, NOON + 1_500]);
  });

  it("that stopped during sleep is followed", () => {
    const asleep = 3_600_000;
    const after = { error: -asleep, sendError: -asleep };
    const batches = [
      { error: 0, sendError: 0, first: 0, times: [NOON, NOON + 100], sent: NOON + 200, transit: 40 },
      { ...after, first: 2, times: [NOON + asleep + 1_000], sent: NOON + asleep + 2_000, transit: 0 },
    ];
    expect(corrected(batches)).toEqual(realTimes(batches));
  });

  it("changes the order of the numbers under no steps, delays, overtaking and recovered batches", () => {
    fc.assert(
      fc.property(journeys({ error: anyError, transit: anyTransit }), (all) => {
        const times = inOrder(corrected(byArrival(all)));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
      { numRuns: 1_000 },
    );
  });

  it("puts no event more than 61 seconds after its arrival, or more than 8 days and a minute before it", () => {
    const event = fc.record({ seq: fc.nat(40), time: fc.integer({ min: 0, max: 8.64e15 }) });
    const batch = fc.record({ event, sentAt: fc.integer({ min: 0, max: 8.64e15 }), gap: fc.nat(3_600_000) });
    fc.assert(
      fc.property(fc.uniqueArray(batch, { maxLength: 20, selector: (each) => each.event.seq }), (batches) => {
        const clock = newClock();
        let now = NOON;
        for (const { event, sentAt, gap } of batches) {
          now += gap;
          const time = createCorrection(clock, sentAt, now)(event.seq, event.time);
          expect(time).toBeLessThanOrEqual(now + MINUTE + 1_000);
          expect(time).toBeGreaterThanOrEqual(NOON - 8 * DAY - MINUTE);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("stays small under many clock changes", () => {
    const clock = newClock();
    for (let seq = 0; seq < 100; seq += 1) createCorrection(clock, 0, 1_000_000 + seq * 100_000)(seq, 0);
    expect(clock.shifts).toHaveLength(8);
    expect(clock.timeline).toHaveLength(1);
  });
});
