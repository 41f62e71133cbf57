import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packCells, unpackCells } from "../src/cells.ts";

const list = fc.array(fc.constantFrom(1, 2, 2 ** 53 - 1), { maxLength: 3 });
const views = fc.record({ ids: list, ranks: list, values: list, began: fc.constantFrom(0, 1) });
const cells = fc.array(fc.oneof(views, fc.constantFrom(null, 7, [1, 2], ["a", [1]])), { maxLength: 8 });

describe("packCells and unpackCells", () => {
  it("restore the cells from JSON, and do not change the given cells", () => {
    fc.assert(
      fc.property(cells, (given) => {
        const before = structuredClone(given);
        expect(unpackCells(JSON.parse(JSON.stringify(packCells(given))))).toEqual(before);
        expect(given).toEqual(before);
      }),
    );
  });

  it("store a list once, and each id once", () => {
    const same = () => ({ ids: [123, 456], ranks: [1, 2], values: [10, 20], began: 5 });
    const others = { ids: [456, 789, 123], ranks: [1, 2, 3], values: [1, 2], began: 5 };
    expect(packCells([same(), null, { ...same(), values: [30, 40] }, others, others])).toEqual([
      same(),
      null,
      { ids: 0, ranks: 1, values: [30, 40], began: 5 },
      { ids: [-2, 789, -1], ranks: [1, 2, 3], values: 1, began: 5 },
      { ids: 4, ranks: 5, values: 1, began: 5 },
    ]);
  });

  it("read cells of an earlier version with other lists", () => {
    const earlier = [
      { ids: [123], seqs: [1], values: [10], evicted: null },
      { ids: 0, seqs: 1, values: 2, evicted: 7 },
    ];
    expect(unpackCells(earlier)).toHaveLength(2);
  });

  it("restore cells that share no lists", () => {
    const same = () => ({ ids: [1], ranks: [2], values: [3], began: 5 });
    const [one, other] = unpackCells(packCells([same(), same()])) as ReturnType<typeof same>[];
    one?.ids.push(2);
    expect(one).toEqual({ ...same(), ids: [1, 2] });
    expect(other).toEqual(same());
  });
});
