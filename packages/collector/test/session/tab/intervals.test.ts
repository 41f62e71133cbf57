import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { has, highest, type Intervals, insert, insertNext, size, union } from "../../../src/session/tab/intervals.ts";

const ranges = fc.array(
  fc.tuple(fc.nat(60), fc.nat(6)).map(([from, length]): [number, number] => [from, from + length]),
  { maxLength: 30 },
);

const build = (all: [number, number][]) => {
  const set: Intervals = [];
  const model = new Set<number>();
  for (const [from, to] of all) {
    insert(set, from, to);
    for (let number = from; number <= to; number += 1) model.add(number);
  }
  return { set, model };
};

describe("a set of intervals", () => {
  it("contains exactly the added numbers", () => {
    fc.assert(
      fc.property(ranges, (all) => {
        const { set, model } = build(all);
        for (let number = 0; number < 70; number += 1) expect(has(set, number)).toBe(model.has(number));
        expect(size(set)).toBe(model.size);
        expect(highest(set)).toBe(Math.max(-1, ...model));
      }),
    );
  });

  it("adds only the successor of its largest number with insertNext", () => {
    fc.assert(
      fc.property(ranges, fc.nat(80), (all, number) => {
        const [quick, slow] = [build(all).set, build(all).set];
        const follows = number > 0 && number === highest(slow) + 1;
        expect(insertNext(quick, number)).toBe(follows);
        if (follows) insert(slow, number);
        expect(quick).toEqual(slow);
      }),
    );
  });

  it("stays sorted, disjoint and minimal", () => {
    fc.assert(
      fc.property(ranges, (all) => {
        const { set } = build(all);
        for (const [index, [from, to]] of set.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          const next = set[index + 1];
          if (next) expect(next[0]).toBeGreaterThan(to + 1);
        }
      }),
    );
  });

  it("forms a union without changing the operands", () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        const [left, right] = [build(a).set, build(b).set];
        const copies = structuredClone([left, right]);
        expect(union(left, right)).toEqual(build([...a, ...b]).set);
        expect([left, right]).toEqual(copies);
      }),
    );
  });
});
