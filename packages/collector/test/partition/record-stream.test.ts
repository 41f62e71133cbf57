import { describe, expect, it } from "vitest";
import { Journal } from "../../src/entities/journal.ts";
import { RecordStream } from "../../src/partition/record-stream.ts";
import { frameOf } from "../../src/records/frames.ts";
import { MemoryStorage } from "../entities/memory-storage.ts";

const NOW = 1_800_000_000_000;

/** A stream with an entry for each of these sizes of records. */
const streamOf = (
  sizes: readonly { count?: number; characters?: number; bytes?: number }[],
  storage = new MemoryStorage(),
) => {
  const journal = new Journal(storage);
  expect([...journal.replay()]).toEqual([]);
  const stream = new RecordStream(storage.kv, journal);
  for (const { count = 1, characters = 1, bytes = 1 } of sizes) {
    const records = frameOf({ push: 1, count, characters }, new Uint8Array(bytes));
    journal.append([{ sender: { id: "shop.session-1", began_at: 0 }, after: 0, text: "", records }]);
  }
  return stream;
};

/** The ends of the ranges that a writer writes one after another. */
const endsOf = (stream: RecordStream): number[] => {
  const ends: number[] = [];
  for (let range = stream.beginCut(); range; range = stream.beginCut()) {
    expect(stream.beginCut()).toEqual(range);
    ends.push(range.to);
    stream.confirm(range.to);
  }
  return ends;
};

describe("the ranges of a partition's stream", () => {
  it.each([
    ["20,000 records", { count: 7_000 }],
    ["2 MB of packed records", { bytes: 700_000 }],
    ["16 MB of text, which a writer has in memory", { characters: 6_000_000 }],
  ])("have at most %s", (_, size) => {
    expect(endsOf(streamOf(new Array(5).fill(size)))).toEqual([2, 4, 5]);
  });

  it("have at least one entry", () => {
    expect(endsOf(streamOf([{ characters: 20_000_000 }, {}, {}]))).toEqual([1, 3]);
  });

  it.each([{ count: 20_000 }, { bytes: 2_000_000 }, { characters: 16_000_000 }])(
    "are due immediately with %o",
    (size) => {
      expect(streamOf([size]).dueAt(NOW)).toBe(NOW);
      expect(streamOf([{}]).dueAt(NOW)).toBe(NOW + 900_000);
      expect(streamOf([{ count: 1_000 }]).dueAt(NOW)).toBe(NOW + 60_000);
      expect(streamOf([]).dueAt(NOW)).toBeUndefined();
    },
  );

  it("are due as early after any number of restarts", () => {
    const storage = new MemoryStorage();
    expect(streamOf([{}], storage).dueAt(NOW)).toBe(NOW + 900_000);
    const restarted = () => {
      const journal = new Journal(storage);
      for (const _ of journal.replay());
      return new RecordStream(storage.kv, journal);
    };
    expect(restarted().dueAt(NOW + 600_000)).toBe(NOW + 900_000);
    expect(restarted().dueAt(NOW + 1_200_000)).toBe(NOW + 900_000);
    const stream = restarted();
    expect(endsOf(stream)).toEqual([1]);
    expect(stream.dueAt(NOW + 1_200_000)).toBeUndefined();
    expect(restarted().dueAt(NOW + 1_200_000)).toBeUndefined();
  });

  it("are due after the clock was set back", () => {
    const stream = streamOf([{}]);
    stream.dueAt(NOW);
    expect(stream.dueAt(NOW - 86_400_000)).toBe(NOW - 86_400_000 + 900_000);
  });
});
