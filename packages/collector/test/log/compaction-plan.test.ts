import type { CompactedFile, CutFile, LogFile } from "@tidemark/schema/log";
import { describe, expect, it } from "vitest";
import { planCompaction } from "../../src/log/compaction-plan.ts";
import { unitedRanges } from "../../src/log/manifest.ts";

const FIELDS = { kind: "event", site: "shop", date: "2026-11-29", bytes: 100, min_time: 0, max_time: 0 } as const;

/** A file of a cut with ten offsets. */
const cutOf = (number: number, changed: Partial<CutFile> = {}): CutFile => ({
  ...{ ...FIELDS, name: `cut-${number}`, hour: 9, partition: 0, records: 10 },
  ...{ first_offset: number * 10, last_offset: number * 10 + 9 },
  ...changed,
});

const compactedOf = (name: string, records: number, ...ranges: CompactedFile["ranges"]): CompactedFile => ({
  ...{ ...FIELDS, name, records, ranges },
});

const namesIn = (groups: readonly (readonly LogFile[])[]) => groups.map((group) => group.map(({ name }) => name));

describe("the plan of a compaction", () => {
  it("groups the files of an hour and kind, in the order of partition and offset", () => {
    const files = [
      cutOf(2),
      cutOf(5, { partition: 1 }),
      cutOf(1),
      cutOf(3, { hour: 10 }),
      cutOf(6, { kind: "vector" }),
      cutOf(4, { kind: "vector" }),
    ];
    expect(namesIn(planCompaction(files, 9))).toEqual([
      ["cut-1", "cut-2", "cut-5"],
      ["cut-4", "cut-6"],
    ]);
  });

  it("makes no file of more than 400,000 records or 32 MB", () => {
    const records = Array.from({ length: 6 }, (_, number) => cutOf(number, { records: 150_000 }));
    expect(namesIn(planCompaction(records, 9)).map((group) => group.length)).toEqual([2, 2, 2]);
    const bytes = Array.from({ length: 4 }, (_, number) => cutOf(number, { bytes: 15_000_000 }));
    expect(namesIn(planCompaction(bytes, 9)).map((group) => group.length)).toEqual([2, 2]);
  });

  it("leaves a file alone, one that is half full, and one of a whole day", () => {
    const range = { hour: 9, partition: 0, first_offset: 0, last_offset: 9 };
    const half = compactedOf("half", 200_000, range);
    const small = compactedOf("small", 199_999, range);
    const day = { ...compactedOf("day", 5, range), name: "kind=event/site=shop/date=2026-11-29/hour=all/compacted-1" };
    expect(planCompaction([half, day, cutOf(1)], 9)).toEqual([]);
    expect(namesIn(planCompaction([half, day, small, cutOf(1)], 9))).toEqual([["small", "cut-1"]]);
  });
});

describe("the ranges of merged files", () => {
  it("unite successive cuts of a partition, with gaps, and no others", () => {
    const files = [cutOf(1), cutOf(2), cutOf(4), cutOf(7, { partition: 1 }), cutOf(8, { hour: 10 })];
    expect(unitedRanges(files, files)).toEqual([
      { hour: 9, partition: 0, first_offset: 10, last_offset: 49 },
      { hour: 9, partition: 1, first_offset: 70, last_offset: 79 },
      { hour: 10, partition: 0, first_offset: 80, last_offset: 89 },
    ]);
  });

  it("leave out the records of another file between them", () => {
    const [first, between, last] = [cutOf(1), cutOf(2), cutOf(3)];
    expect(unitedRanges([first, last], [first, between, last])).toEqual([
      { hour: 9, partition: 0, first_offset: 10, last_offset: 19 },
      { hour: 9, partition: 0, first_offset: 30, last_offset: 39 },
    ]);
  });

  it("are those of the replaced file if another one has the same range", () => {
    const range = { hour: 9, partition: 0, first_offset: 10, last_offset: 99 };
    const [one, other] = [compactedOf("one", 5, range), compactedOf("other", 6, range)];
    expect(unitedRanges([one], [one, other])).toEqual([range]);
    expect(unitedRanges([other], [one, other])).toEqual([range]);
  });
});
