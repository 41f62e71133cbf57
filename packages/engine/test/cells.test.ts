import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packCells, unpackCells } from "../src/cells.ts";

const list = fc.array(fc.constantFrom(1, 2, 2 ** 53 - 1), { maxLength: 3 });
const views = fc.record({ ids: list, seqs: list, values: list, evicted: fc.constantFrom(null, 0, 1) });
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

  it("store a list once", () => {
    const same = () => ({ ids: [123, 456], seqs: [1, 2], values: [10, 20], evicted: null });
    expect(packCells([same(), null, { ...same(), values: [30, 40] }])).toEqual([
      same(),
      null,
      { ids: 0, seqs: 1, values: [30, 40], evicted: null },
    ]);
  });

  it("restore cells that share no lists", () => {
    const same = () => ({ ids: [1], seqs: [1], values: [1], evicted: null });
    const [one, other] = unpackCells(packCells([same(), same()])) as ReturnType<typeof same>[];
    one?.ids.push(2);
    expect(one).toEqual({ ...same(), ids: [1, 2] });
    expect(other).toEqual(same());
  });
});
