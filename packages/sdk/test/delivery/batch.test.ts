import { describe, expect, it } from "vitest";
import { append, isCovered, isIn, newBatch } from "../../src/delivery/batch.ts";
import { droppedRangesOf } from "../../src/delivery/dropped-ranges.ts";
import { eventOf, originOf, viewOf } from "./batches.ts";

describe("a batch", () => {
  it("contains its origin, its events in order, and each page view once", () => {
    const [first, second] = [viewOf("first"), viewOf("second")];
    const batch = newBatch(originOf("tab"), eventOf(0), first, []);
    append(batch, eventOf(1), first);
    append(batch, eventOf(2), second);
    expect(batch).toMatchObject({ ...originOf("tab"), v: 1, dropped: [], views: [first, second] });
    expect(batch.events.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  it("loses its own events and the dropped ranges that it would have reported", () => {
    const before = { from_seq: 0, to_seq: 3, reason: "overflow" } as const;
    const batch = newBatch(originOf("tab"), eventOf(4), viewOf("view"), [before]);
    append(batch, eventOf(5), viewOf("view"));
    expect(droppedRangesOf(batch, "refused")).toEqual([before, { from_seq: 4, to_seq: 5, reason: "refused" }]);
  });

  it("is in a list that has a copy of it, and in no list that has another version", () => {
    const batch = newBatch(originOf("tab"), eventOf(0), viewOf("view"), []);
    const copy = structuredClone(batch);
    expect(isIn([copy], batch)).toBe(true);
    append(copy, eventOf(1), viewOf("view"));
    const others = [newBatch(originOf("other"), eventOf(0), viewOf("view"), [])];
    expect(isIn([copy, ...others], batch)).toBe(false);
  });

  it.each<[ranges: unknown, covered: boolean]>([
    [[[4, 5]], true],
    [
      [
        [0, 1],
        [3, 9],
      ],
      true,
    ],
    [[[5, 9]], false],
    [[[0, 4]], false],
    [
      [
        [0, 4],
        [6, 9],
      ],
      false,
    ],
    [[], false],
    [undefined, false],
    [null, false],
    ["x", false],
    [{}, false],
    [[null, 4, [], {}], false],
    [[["x", "y"]], false],
  ])("of the numbers 4 and 5 is covered by %j: %s", (ranges, covered) => {
    const batch = newBatch(originOf("tab"), eventOf(4), viewOf("view"), []);
    append(batch, eventOf(5), viewOf("view"));
    expect(isCovered(batch, ranges)).toBe(covered);
  });
});
