import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acknowledged,
  countDelivery,
  countMissing,
  drop,
  newTab,
  receive,
  reject,
} from "../../../src/session/tab/tab.ts";

/** Maximum number of ranges of numbers in all tabs of a session. */
const MAX_RANGES = 1_024;

const seq = fc.nat(40);
const step = fc.oneof(
  fc.record({ type: fc.constant("receive"), from: seq, length: fc.constant(0) }),
  fc.record({ type: fc.constant("reject"), from: seq, length: fc.constant(0) }),
  fc.record({ type: fc.constant("drop"), from: seq, length: fc.nat(5) }),
);

describe("a tab", () => {
  it("records the outcome of each number in any order, and repeated ones once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tab = newTab();
        const [received, rejected, dropped] = [new Set<number>(), new Set<number>(), new Set<number>()];
        let duplicates = 0;
        for (const { type, from, length } of steps) {
          if (type === "receive") {
            expect(receive(tab, from)).toBe(received.has(from) ? "duplicate" : "new");
            if (received.has(from)) duplicates += 1;
            received.add(from);
          } else if (type === "reject") {
            reject(tab, from);
            rejected.add(from);
          } else {
            const before = dropped.size;
            for (let number = from; number <= from + length; number += 1) dropped.add(number);
            expect(drop(tab, { from_seq: from, to_seq: from + length, reason: "expired" })).toBe(dropped.size - before);
          }
        }
        const explained = new Set([...received, ...rejected, ...dropped]);
        const missing = Math.max(-1, ...explained) + 1 - explained.size;
        expect(countMissing(tab)).toBe(missing);
        expect(countDelivery([tab, newTab()])).toEqual({
          received: received.size,
          duplicates,
          rejected: rejected.size,
          dropped: dropped.size,
          missing,
        });
      }),
    );
  });

  it("rejects new ranges beyond 1,024, but accepts adjacent numbers and still recognises duplicates", () => {
    const tab = newTab();
    for (let range = 0; range < MAX_RANGES; range += 1) expect(receive(tab, 2 * range)).toBe("new");
    expect(receive(tab, 4_000)).toBe("full");
    expect(receive(tab, 4)).toBe("duplicate");
    expect(receive(tab, 2 * MAX_RANGES - 1)).toBe("new");
    expect(receive(tab, 1)).toBe("new");
    expect(receive(tab, 4_000)).toBe("new");
    expect(countDelivery([tab])).toMatchObject({ received: MAX_RANGES + 3, duplicates: 1 });
  });

  it("accepts no number that would leave more than 100,000 missing, and learns none from a rejected or dropped event", () => {
    const tab = newTab();
    expect(receive(tab, 1_000_000_000)).toBe("too_high");
    reject(tab, 1_000_000_000);
    expect(drop(tab, { from_seq: 0, to_seq: 1_000_000_000, reason: "overflow" })).toBe(0);
    expect(countDelivery([tab])).toMatchObject({ received: 0, rejected: 0, dropped: 0, missing: 0 });
    expect(receive(tab, 60_000)).toBe("new");
    expect(receive(tab, 100_002)).toBe("too_high");
    expect(receive(tab, 100_001)).toBe("new");
    expect(countMissing(tab)).toBe(100_000);
    expect(receive(tab, 100_002)).toBe("new");
    expect(receive(tab, 100_004)).toBe("too_high");
    expect(receive(tab, 0)).toBe("new");
    expect(receive(tab, 100_004)).toBe("new");
  });

  it("ignores rejected and dropped numbers beyond 1,024 ranges, which stay missing", () => {
    const tab = newTab();
    for (let range = 0; range < MAX_RANGES / 2; range += 1) {
      reject(tab, 4 * range);
      drop(tab, { from_seq: 4 * range + 1, to_seq: 4 * range + 1, reason: "expired" });
    }
    reject(tab, 4 * MAX_RANGES);
    expect(drop(tab, { from_seq: 4 * MAX_RANGES + 1, to_seq: 4 * MAX_RANGES + 1, reason: "expired" })).toBe(0);
    expect(countDelivery([tab])).toMatchObject({ rejected: MAX_RANGES / 2, dropped: MAX_RANGES / 2 });
    // A range that touches another one needs no space.
    reject(tab, 1);
    expect(drop(tab, { from_seq: 0, to_seq: 3, reason: "expired" })).toBe(3);
    expect(countDelivery([tab])).toMatchObject({ rejected: MAX_RANGES / 2 + 1, dropped: MAX_RANGES / 2 + 3 });
  });

  it("shares the ranges with the other tabs of its session", () => {
    const tabs = Array.from({ length: 256 }, newTab);
    let ranges = 0;
    for (let seq = 0; seq < 20; seq += 2)
      for (const tab of tabs)
        if (receive(tab, seq, tabs) === "new") ranges += 1;
        else expect(ranges).toBe(MAX_RANGES);
    expect(ranges).toBe(MAX_RANGES);
    for (const tab of tabs) expect(receive(tab, 1, tabs)).toBe("new");
    expect(receive(newTab(), 0, tabs)).toBe("new");
  });
});

describe("acknowledged", () => {
  const numbersIn = (ranges: [from: number, to: number][]) =>
    ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, offset) => from + offset));

  it("has exactly the received and the rejected numbers, not the dropped ones", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const tab = newTab();
        const settled = new Set<number>();
        for (const { type, from, length } of steps) {
          if (type === "receive") receive(tab, from);
          else if (type === "reject") reject(tab, from);
          else drop(tab, { from_seq: from, to_seq: from + length, reason: "overflow" });
          if (type !== "drop") settled.add(from);
        }
        expect(numbersIn(acknowledged(tab))).toEqual([...settled].sort((one, other) => one - other));
      }),
    );
  });

  it("has the 16 highest ranges", () => {
    const tab = newTab();
    for (let range = 0; range < 20; range += 1) (range % 2 ? receive : reject)(tab, 2 * range);
    expect(acknowledged(tab)).toEqual(Array.from({ length: 16 }, (_, range) => [2 * (range + 4), 2 * (range + 4)]));
  });

  it("does not change with later events", () => {
    const tab = newTab();
    receive(tab, 0);
    const before = acknowledged(tab);
    receive(tab, 1);
    expect(before).toEqual([[0, 0]]);
  });
});

describe("countDelivery", () => {
  it("sums all tabs", () => {
    const [one, other] = [newTab(), newTab()];
    for (const number of [0, 1, 1, 4]) receive(one, number);
    receive(other, 2);
    reject(other, 0);
    expect(countDelivery([one, other])).toEqual({ received: 4, duplicates: 1, rejected: 1, dropped: 0, missing: 3 });
    expect(countDelivery([])).toEqual({ received: 0, duplicates: 0, rejected: 0, dropped: 0, missing: 0 });
  });
});
