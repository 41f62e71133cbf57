import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AggregateKind } from "../src/aggregates/aggregate.ts";
import { addToPanes, mergePanesInto, type Panes, partialFrom } from "../src/panes.ts";

/** Collects the values in ascending order, so that a result shows its events. */
const collect: AggregateKind<number[]> = {
  emptyPartial: () => [],
  add(state, value) {
    state.push(value as number);
    return state.sort(ascending);
  },
  mergeInto: (a, b) => [...a, ...b].sort(ascending),
  result: (state) => state,
};

const ascending = (a: number, b: number) => a - b;

const EVENT = { time: 0, tab_id: "tab-a", seq: 0 };

interface Entry {
  pane: number;
  value: number;
}

/** Entries in any order of panes, with distinct values. */
const entries = fc
  .array(fc.integer({ min: -5, max: 25 }), { maxLength: 40 })
  .map((panes): Entry[] => panes.map((pane, value) => ({ pane, value })));

const maxPanes = fc.integer({ min: 1, max: 8 });

const fill = (all: readonly Entry[], maxPanes: number): Panes<number[]> => {
  const panes: Panes<number[]> = [];
  for (const { pane, value } of all) addToPanes(panes, maxPanes, collect, pane, value, EVENT);
  return panes;
};

/** The expected panes of entries: the last `maxPanes` ones up to the newest. */
const model = (all: readonly Entry[], maxPanes: number): Panes<number[]> => {
  const newest = Math.max(...all.map(({ pane }) => pane));
  const kept = [...new Set(all.map(({ pane }) => pane))].filter((pane) => pane > newest - maxPanes).sort(ascending);
  return kept.flatMap((pane) => [pane, all.filter((entry) => entry.pane === pane).map(({ value }) => value)]);
};

describe("panes", () => {
  it("contain the added values in ascending order of panes, up to the maximum number of panes, for any order of values", () => {
    fc.assert(
      fc.property(entries, maxPanes, (all, most) => {
        expect(fill(all, most)).toEqual(model(all, most));
      }),
      { numRuns: 300 },
    );
  });

  it("are equal for any split into merged parts, and the merge does not change the parts", () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 4 }), maxPanes, (parts, most) => {
        const all = parts.flatMap((part, place) =>
          part.map(({ pane, value }) => ({ pane, value: value + 100 * place })),
        );
        const filled = parts.map((part, place) =>
          fill(
            part.map((entry) => ({ ...entry, value: entry.value + 100 * place })),
            most,
          ),
        );
        const before = structuredClone(filled);
        const panes: Panes<number[]> = [];
        for (const other of filled) mergePanesInto(panes, other, collect, most);
        expect(panes).toEqual(model(all, most));
        expect(filled).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });

  it("share nothing with panes that were merged into them", () => {
    const other = fill([{ pane: 1, value: 1 }], 4);
    const panes: Panes<number[]> = [];
    mergePanesInto(panes, other, collect, 4);
    addToPanes(panes, 4, collect, 1, 2, EVENT);
    expect([panes, other]).toEqual([
      [1, [1, 2]],
      [1, [1]],
    ]);
  });

  it("are not added again after newer ones replaced them", () => {
    const panes = fill(
      [
        { pane: 1, value: 1 },
        { pane: 9, value: 2 },
        { pane: 1, value: 3 },
      ],
      4,
    );
    expect(panes).toEqual([9, [2]]);
    mergePanesInto(panes, [1, [4], 6, [5]], collect, 4);
    expect(panes).toEqual([6, [5], 9, [2]]);
  });
});

describe("partialFrom", () => {
  it("merges the panes from a given one on, and does not change them", () => {
    fc.assert(
      fc.property(entries, maxPanes, fc.integer({ min: -10, max: 30 }), (all, most, first) => {
        const panes = fill(all, most);
        const before = structuredClone(panes);
        const kept = model(all, most);
        const expected = kept.filter((_, index) => index % 2 === 1 && (kept[index - 1] as number) >= first).flat();
        expect(partialFrom(panes, first, collect)).toEqual((expected as number[]).sort(ascending));
        expect(panes).toEqual(before);
      }),
    );
  });
});
