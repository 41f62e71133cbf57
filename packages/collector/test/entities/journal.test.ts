import fc from "fast-check";
import { Packr } from "msgpackr";
import { describe, expect, it } from "vitest";
import { Journal, type JournalEntry, type Received } from "../../src/entities/journal.ts";
import { frameOf } from "../../src/records/frames.ts";
import { MemoryStorage } from "./memory-storage.ts";

const received = (text: string): Received => ({ sender: { id: "shop.session-1", began_at: 0 }, after: 0, text });

/** The journal in a storage, and its entries. */
const open = (storage: MemoryStorage): { journal: Journal; entries: JournalEntry[] } => {
  const journal = new Journal(storage);
  return { journal, entries: [...journal.replay()] };
};

const textsOf = (entries: readonly JournalEntry[]) => entries.map((entry) => entry.received.map(({ text }) => text));

describe("a journal", () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        texts: fc.array(fc.string(), { maxLength: 4 }),
        isSeal: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("consume" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: "consume all durably" as const }) },
    { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  );

  it("replays the entries that are not consumed in order, and those that only this instance has consumed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const storage = new MemoryStorage();
        let { journal } = open(storage);
        const written: { position: number; texts: string[]; isSeal: boolean }[] = [];
        let consumed = 0;
        /** The position that the storage knows as consumed. */
        let durable = 0;
        for (const each of steps) {
          if (each.do === "append") {
            const position = journal.append(each.texts.map(received), each.isSeal);
            written.push({ position, texts: each.texts, isSeal: each.isSeal });
            durable = consumed;
          } else if (each.do === "consume") {
            consumed = Math.max(consumed, Math.floor(each.share * journal.position));
            journal.consume(consumed);
          } else if (each.do === "consume all durably") {
            journal.writeConsumed();
            consumed = durable = journal.position;
            journal.consume(consumed);
          } else {
            const opened = open(storage);
            journal = opened.journal;
            consumed = durable;
            const expected = written.filter(({ position }) => position > durable);
            expect(textsOf(opened.entries)).toEqual(expected.map(({ texts }) => texts));
            expect(opened.entries.map(({ isSeal }) => isSeal)).toEqual(expected.map(({ isSeal }) => isSeal));
            expect([journal.consumed, journal.position]).toEqual([durable, written.at(-1)?.position ?? 0]);
          }
        }
      }),
    );
  });

  it("continues that of a version without a log", () => {
    const storage = new MemoryStorage();
    storage.sql.exec(
      "CREATE TABLE journal (position INTEGER PRIMARY KEY, consumed INTEGER, is_cut INTEGER, is_deflated INTEGER, received BLOB)",
    );
    const packr = new Packr({ useRecords: false });
    for (const [position, text] of ["a", "b", "c"].entries())
      storage.sql.exec("INSERT INTO journal VALUES (?, 1, 0, 0, ?)", position + 1, packr.pack([received(text)]));
    const { journal, entries } = open(storage);
    expect(textsOf(entries)).toEqual([["b"], ["c"]]);
    expect(journal.latest).toEqual({ position: 3, record_count: 0, record_bytes: 0, record_characters: 0 });
    const records = frameOf({ push: 1, count: 2, characters: 10 }, new Uint8Array(8));
    for (const text of ["d", "e"]) journal.append([{ ...received(text), records }]);
    expect(textsOf(open(storage).entries)).toEqual([["b"], ["c"], ["d"], ["e"]]);
    const size = { record_count: 4, record_bytes: 2 * records.length, record_characters: 20 };
    expect(open(storage).journal.latest).toEqual({ position: 5, ...size });
  });

  it("writes a new entry in the place of a consumed one", () => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    for (const text of ["a", "b", "c"]) journal.append([received(text)]);
    journal.consume(2);
    for (const text of ["d", "e"]) journal.append([received(text)]);
    expect(storage.sql.exec("SELECT COUNT(*) AS rows FROM journal").toArray()).toEqual([{ rows: 3 }]);
    expect(textsOf(open(storage).entries)).toEqual([["c"], ["d"], ["e"]]);
  });

  it("divides long groups, and compresses a text that alone is too long for a stored value", () => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    const [short, long] = ["x".repeat(300_000), "x".repeat(3_000_000)];
    journal.append([short, short, long, short].map(received), true);
    const { entries } = open(storage);
    expect(textsOf(entries)).toEqual([[short], [short], [long], [short]]);
    expect(entries.map(({ isSeal }) => isSeal)).toEqual([false, false, false, true]);
    const [longest] = storage.sql.exec("SELECT MAX(LENGTH(received)) AS bytes FROM journal").toArray();
    expect(longest?.bytes).toBeLessThan(400_000);
  });

  it("uses no key that an entity can have", () => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    journal.append([received("a")]);
    journal.writeConsumed();
    for (const [key] of storage.kv.list()) expect(key).not.toContain(":");
  });
});

describe("the capacity of a journal", () => {
  const filled = (entries: number, characters: number) => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    for (let count = 0; count < entries; count += 1) journal.append([received("x".repeat(characters))]);
    return [journal, open(storage).journal];
  };

  const fits = (journal: Journal, characters: number) => !journal.isFullFor([received("x".repeat(characters))]);

  it("is 128 entries, also after a restart", () => {
    expect(filled(127, 1).map((journal) => fits(journal, 1))).toEqual([true, true]);
    expect(filled(128, 1).map((journal) => fits(journal, 1))).toEqual([false, false]);
  });

  it("is 2,000,000 characters, also after a restart", () => {
    for (const journal of filled(4, 400_000)) {
      expect(journal.characters).toBe(1_600_000);
      expect([400_000, 400_001].map((characters) => fits(journal, characters))).toEqual([true, false]);
    }
  });

  it("is 500,000 characters for one entry", () => {
    const { journal } = open(new MemoryStorage());
    expect([500_000, 500_001].map((characters) => fits(journal, characters))).toEqual([true, false]);
  });

  it("is available again when the entries are consumed", () => {
    for (const journal of filled(128, 1)) {
      journal.consume(journal.position);
      expect([fits(journal, 500_000), journal.characters]).toEqual([true, 0]);
    }
  });
});

describe("the records in a journal", () => {
  /** Packed records of this length. */
  const records = (bytes: number) => frameOf({ push: 1, count: 3, characters: 10 }, new Uint8Array(bytes - 14));

  it("are counted in the places of entries, also after a restart", () => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    journal.append([{ ...received("a"), records: records(20) }, received("b")]);
    journal.append([{ ...received("c"), records: records(17) }]);
    for (const each of [journal, open(storage).journal]) {
      expect([...each.placesAfter(0)]).toEqual([
        { position: 1, record_count: 3, record_bytes: 20, record_characters: 10 },
        { position: 2, record_count: 6, record_bytes: 37, record_characters: 20 },
      ]);
      expect(each.latest).toEqual({ position: 2, record_count: 6, record_bytes: 37, record_characters: 20 });
    }
  });

  it("stay until they are released and the nearest 256 MB are past", () => {
    const storage = new MemoryStorage();
    const { journal } = open(storage);
    journal.release(0);
    const write = (bytes: number) => {
      journal.append([{ ...received(""), records: records(bytes) }]);
      journal.consume(journal.position);
    };
    const positions = () => [...journal.placesAfter(0)].map(({ position }) => position);
    for (let entry = 0; entry < 3; entry += 1) write(100_000_000);
    write(56_000_001);
    expect(positions()).toEqual([1, 2, 3, 4]);
    journal.release(2);
    write(16);
    write(100_000_000);
    expect(positions()).toEqual([3, 4, 5, 6]);
    write(100_000_000);
    expect(positions()).toEqual([3, 4, 5, 6, 7]);
  });
});
