import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latestIn, place, type Timeline } from "../../../src/session/tab/timeline.ts";

const times = fc.array(fc.record({ seq: fc.nat(30), time: fc.nat(20) }), { maxLength: 31 });

describe("a timeline", () => {
  it("keeps the order of the numbers for any times, in any order of arrival", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ seq: fc.nat(60), time: fc.nat(20) }), { selector: (e) => e.seq }),
        (all) => {
          const timeline: Timeline = [];
          const placed = all.map(({ seq, time }) => ({ seq, time: place(timeline, seq, time) }));
          const inOrder = placed.toSorted((a, b) => a.seq - b.seq).map(({ time }) => time);
          expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it("changes no time of events whose times are in the order of their numbers", () => {
    fc.assert(
      fc.property(times, fc.infiniteStream(fc.nat(60)), (all, turns) => {
        const sorted = all.map(({ time }) => time).sort((a, b) => a - b);
        const events = sorted.map((time, seq) => ({ seq: 2 * seq, time, turn: turns.next().value }));
        const timeline: Timeline = [];
        for (const { seq, time } of events.toSorted((a, b) => a.turn - b.turn))
          expect(place(timeline, seq, time)).toBe(time);
        expect(latestIn(timeline)).toEqual(
          sorted.length ? { seq: events.at(-1)?.seq, time: sorted.at(-1) } : undefined,
        );
      }),
    );
  });

  it("has one range for successive numbers, in any order of arrival", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }), (seqs) => {
        const timeline: Timeline = [];
        for (const seq of seqs) place(timeline, seq, 10 * seq);
        expect(timeline).toEqual([[0, 6, 0, 60]]);
      }),
    );
  });
});
