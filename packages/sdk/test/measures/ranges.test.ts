import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addRange, type Range } from "../../src/measures/ranges.ts";

const range: fc.Arbitrary<Range> = fc
  .tuple(fc.nat(300), fc.integer({ min: 1, max: 80 }))
  .map(([from, length]) => [from, from + length]);

/** Every millisecond that any of the ranges covers. */
const millisecondsIn = (ranges: Range[]) =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, each) => from + each)));

const merge = (ranges: Range[]) => ranges.reduce<Range[]>((merged, [from, to]) => addRange(merged, from, to), []);

describe("ranges", () => {
  it("cover every added millisecond, and are disjoint", () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), (ranges) => {
        const merged = merge(ranges).sort(([a], [b]) => a - b);
        expect(millisecondsIn(merged)).toEqual(millisecondsIn(ranges));
        merged.forEach(([from], index) => {
          expect(from).toBeGreaterThan(merged[index - 1]?.[1] ?? -1);
        });
      }),
    );
  });

  it("do not change their input", () => {
    const before: Range[] = [[10, 20]];
    expect(addRange(before, 15, 30)).toEqual([[10, 30]]);
    expect(before).toEqual([[10, 20]]);
  });

  it("become one when they touch", () => {
    expect(
      merge([
        [0, 10],
        [20, 30],
        [10, 20],
      ]),
    ).toEqual([[0, 30]]);
  });
});
