import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { EntityStore } from "../../src/entities/entity-store.ts";
import { Journal } from "../../src/entities/journal.ts";
import type { Push } from "../../src/entities/push.ts";
import { asStorage, MemoryStorage } from "./memory-storage.ts";
import { definitions, pageKey } from "./page-clicks.ts";
import { START, useVirtualTime, type VirtualTime } from "./virtual-time.ts";

const pushOf = (n: number, pages: number[], browser?: string): Push => ({
  n,
  layouts: definitions.layouts,
  deltas: Object.fromEntries(
    pages.map((page) => [
      pageKey(page),
      { cells: [1], event_time: START, ...(browser !== undefined && { anonymous_ids: [browser] }) },
    ]),
  ),
});

let time: VirtualTime;
let storage: MemoryStorage;
let store: EntityStore;

const restart = () => {
  const journal = new Journal(asStorage(storage));
  store = new EntityStore(asStorage(storage), definitions, journal, (key) => expect.unreachable(`${key} is set aside`));
};

const push = async (session: number, pushed: Push) => {
  const applied = store.apply({ id: `session ${session}`, began_at: START }, JSON.stringify([pushed]), [pushed]);
  await Promise.all([applied, time.advance(250)]);
};

const clicksOf = (page: number) => store.read(pageKey(page))?.engine.cells[0];

/** The entries that a restarted store reads again. */
const replayed = () => {
  const consumed = storage.kv.get<number>("consumed") ?? 0;
  const rows = storage.sql.exec<{ bytes: number }>(
    "SELECT length(received) AS bytes FROM journal WHERE position > ?",
    consumed,
  );
  return rows.toArray().map(({ bytes }) => bytes);
};

const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

beforeEach(() => {
  time = useVirtualTime();
  storage = new MemoryStorage();
  restart();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the work of a restarted store", () => {
  it("is bounded by 128 entries and two million characters of its journal, whatever has arrived", async () => {
    const pushes = fc.array(fc.constantFrom(10, 20_000, 300_000, 499_000, 900_000), { minLength: 140, maxLength: 160 });
    await fc.assert(
      fc.asyncProperty(pushes, async (lengths) => {
        storage = new MemoryStorage();
        restart();
        for (const [session, length] of lengths.entries()) {
          // A browser for each page: rows do not become longer than a value may be.
          await push(session, pushOf(1, [session], "x".repeat(length)));
          expect(replayed().length).toBeLessThanOrEqual(128);
          // With some space for the other fields of 128 entries.
          expect(sum(replayed())).toBeLessThanOrEqual(2_020_000);
        }
        restart();
        expect(lengths.map((_, session) => clicksOf(session))).toEqual(lengths.map(() => 1));
      }),
      { numRuns: 5 },
    );
  });

  it("is bounded by the rows that the journal changes: they are written before they are too long for the memory", async () => {
    const pages = Array.from({ length: 60 }, (_, page) => page);
    for (const page of pages) await push(page, pushOf(1, [page], `${page}`.padEnd(100_000, "x")));
    // A push that is too long for the journal writes all rows.
    await push(99, pushOf(1, [99], "x".repeat(600_000)));
    await push(100, pushOf(1, pages.slice(0, 20)));
    expect(replayed()).toHaveLength(1);
    await push(101, pushOf(1, pages.slice(20)));
    expect(replayed()).toEqual([]);
    restart();
    expect(pages.map(clicksOf)).toEqual(pages.map(() => 2));
  });
});

it("a push that cannot be decoded changes nothing, and is merged once when it can", async () => {
  await push(1, pushOf(1, [1]));
  const damaged = { ...pushOf(2, [1]), deltas: { ...pushOf(2, [1]).deltas, [pageKey(2)]: null as never } };
  await expect(push(1, damaged)).rejects.toThrow(TypeError);
  expect([clicksOf(1), store.hasFailed]).toEqual([1, false]);
  await push(1, pushOf(2, [1, 2]));
  restart();
  expect([1, 2].map(clicksOf)).toEqual([2, 1]);
});
