import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Journal, type JournalPush } from "../../src/rollup/journal.ts";
import { MemoryKv } from "./memory-kv.ts";

const push = (text: string): JournalPush => ({ session: "shop.session-1", text });

const sizeOf = (pushes: JournalPush[]) => pushes.reduce((total, { text }) => total + text.length, 0);

const replayed = (journal: Journal, generation: number): JournalPush[] => {
  const pushes: JournalPush[] = [];
  journal.replay(generation, (each) => pushes.push(each));
  return pushes;
};

const append = (journal: Journal, generation: number, pushes: JournalPush[]) =>
  journal.append(generation, pushes, sizeOf(pushes));

describe("a journal", () => {
  const entry = fc.array(fc.record({ session: fc.string(), text: fc.string() }), { minLength: 1, maxLength: 4 });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant("append"), pushes: entry }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("rows written"), pushes: fc.constant([]) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("restart"), pushes: fc.constant([]) }) },
  );

  it("replays pushes since the last write of the rows in order, across restarts", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const kv = new MemoryKv();
        let journal = new Journal(kv);
        let generation = 0;
        let expected: JournalPush[] = [];
        for (const { type, pushes } of steps) {
          if (type === "append") {
            append(journal, generation, pushes);
            expected.push(...pushes);
          } else if (type === "rows written") {
            generation += 1;
            journal.clear();
            expected = [];
          } else {
            journal = new Journal(kv);
            expect(replayed(journal, generation)).toEqual(expected);
          }
        }
        expect(replayed(new Journal(kv), generation)).toEqual(expected);
      }),
    );
  });

  it("is empty for a generation without entries", () => {
    const kv = new MemoryKv();
    append(new Journal(kv), 3, [push("a")]);
    expect(replayed(new Journal(kv), 4)).toEqual([]);
    expect(replayed(new Journal(new MemoryKv()), 0)).toEqual([]);
  });

  it("overwrites entries of an earlier generation", () => {
    const kv = new MemoryKv();
    const journal = new Journal(kv);
    append(journal, 0, [push("a")]);
    append(journal, 0, [push("b")]);
    journal.clear();
    append(journal, 1, [push("c")]);
    expect(replayed(new Journal(kv), 1)).toEqual([push("c")]);
    expect([...kv.list()]).toHaveLength(2);
  });

  it("uses no key that an entity can have", () => {
    const kv = new MemoryKv();
    append(new Journal(kv), 0, [push("a")]);
    for (const [key] of kv.list()) expect(key).not.toContain(":");
  });
});

describe("the capacity of a journal", () => {
  const filled = (entries: number, characters: number) => {
    const kv = new MemoryKv();
    const journal = new Journal(kv);
    for (let count = 0; count < entries; count += 1) append(journal, 0, [push("x".repeat(characters))]);
    const restarted = new Journal(kv);
    replayed(restarted, 0);
    return [journal, restarted];
  };

  it("is 128 entries, also after a restart", () => {
    expect(filled(127, 1).map((journal) => journal.isFullFor(1))).toEqual([false, false]);
    expect(filled(128, 1).map((journal) => journal.isFullFor(1))).toEqual([true, true]);
  });

  it("is 2,000,000 characters, also after a restart", () => {
    for (const journal of filled(4, 400_000)) {
      expect(journal.isFullFor(400_000)).toBe(false);
      expect(journal.isFullFor(400_001)).toBe(true);
    }
  });

  it("is 500,000 characters for one entry", () => {
    const journal = new Journal(new MemoryKv());
    expect([500_000, 500_001].map((characters) => journal.isFullFor(characters))).toEqual([false, true]);
  });

  it("is available again after clear", () => {
    for (const journal of filled(128, 1)) {
      journal.clear();
      expect(journal.isFullFor(500_000)).toBe(false);
    }
  });
});
