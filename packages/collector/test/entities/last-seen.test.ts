import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { LAST_SEEN_MS, LastSeen, type Seen } from "../../src/entities/last-seen.ts";
import { type EntityKey, entityKey, entityOf } from "../../src/entities/push.ts";
import { MemoryKv } from "./memory-storage.ts";

let kv: MemoryKv;
let index: LastSeen;
beforeEach(() => {
  kv = new MemoryKv();
  index = new LastSeen(kv);
});

const page = (id: number | string): EntityKey => entityKey("page", `/${id}`);

/** Lists all entities, page by page. */
const listAll = (entity: string, since: number, limit = 1_000, unwritten: Seen[] = []): Seen[] => {
  const all: Seen[] = [];
  for (let after = ""; ; ) {
    const some = index.list(entity, since, after, limit, unwritten);
    all.push(...some);
    const last = some.at(-1);
    if (!last) return all;
    after = last[0];
  }
};

const segmentsOf = () => [...kv.list({ prefix: "last_seen " })];

describe("the index of active entities", () => {
  it("lists what a map of all latest times has, for any writes, times and page sizes", () => {
    const seen = fc.tuple(
      fc.constantFrom<EntityKey>(...Array.from({ length: 40 }, (_, id) => page(id)), "user:a", "user:b", "user:page:"),
      fc.nat(1_000),
    );
    const write = fc.array(seen, { maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(write, { maxLength: 30 }),
        write,
        fc.nat(1_000),
        fc.integer({ min: 1, max: 5 }),
        (...given) => {
          const [writes, unwritten, since, limit] = given;
          kv = new MemoryKv();
          index = new LastSeen(kv);
          const latest = new Map<EntityKey, number>();
          // The time of an entity never decreases.
          const rising = (changes: Seen[]): Seen[] =>
            changes.map(([key, at]) => {
              latest.set(key, Math.max(at, latest.get(key) ?? 0));
              return [key, latest.get(key) ?? 0];
            });
          for (const changes of writes) index.add(rising(changes), 1_000);
          const pending = [...new Map(rising(unwritten))];
          for (const entity of ["page", "user"]) {
            const expected = [...latest].filter(([key, at]) => entityOf(key) === entity && at >= since);
            expect(listAll(entity, since, limit, pending)).toEqual(expected.sort(([a], [b]) => (a < b ? -1 : 1)));
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("costs one write for each addition", () => {
    for (let n = 0; n < 1_000; n += 1) index.add([[page(n), n]], n);
    expect([kv.writes.length, segmentsOf().length]).toEqual([1_000, 0]);
    expect(listAll("page", 0)).toHaveLength(1_000);
  });

  it("stores no value beyond the limit, for long ids", () => {
    const long = (n: number) => page(`${n}`.padStart(1_900, "x"));
    for (let n = 0; n < 600; n += 1) index.add([[long(n), n]], n);
    expect([segmentsOf().length, listAll("page", 0).length]).toEqual([4, 600]);
    index.add(
      Array.from({ length: 2_000 }, (_, n): Seen => [long(n), n]),
      2_000,
    );
    expect(listAll("page", 0)).toHaveLength(2_000);
    const lengths = [...kv.list()].map(([, text]) => (text as string).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(501_000);
  });

  it("keeps the latest ten thousand segments", () => {
    const full = Array.from({ length: 10_000 }, (_, index) => ({ n: index + 1, until: 1_000 }));
    for (const { n } of full) kv.put(`last_seen ${n}`, JSON.stringify([[page(`early-${n}`), 1_000]]));
    kv.put("last_seen", JSON.stringify({ open: [], full }));
    index.add(
      Array.from({ length: 300 }, (_, n): Seen => [page(`${n}`.padStart(1_900, "x")), 1_000]),
      1_000,
    );
    expect(segmentsOf()).toHaveLength(10_000);
    const listed = new Set(listAll("page", 0).map(([key]) => key));
    expect(listed.size).toBe(9_998 + 300);
    expect(["early-2", "early-3"].map((id) => listed.has(page(id)))).toEqual([false, true]);
  });

  it("drops entities after thirty days, and all of them when it is cleared", () => {
    const manyOf = (name: string, at: number) => {
      const seen = Array.from({ length: 300 }, (_, n): Seen => [page(`${name}-${n}`.padEnd(1_900, "x")), at]);
      index.add(seen, at);
    };
    manyOf("early", 1_000);
    index.add([[page("open"), 1_000]], 1_000);
    expect([listAll("page", 0).length, segmentsOf().length]).toEqual([301, 2]);
    index.add([[page("later"), 1_001 + LAST_SEEN_MS]], 1_001 + LAST_SEEN_MS);
    expect([listAll("page", 0).length, segmentsOf().length]).toEqual([1, 0]);
    manyOf("later", 1_001 + LAST_SEEN_MS);
    index.clear();
    expect([listAll("page", 0), segmentsOf()]).toEqual([[], []]);
  });
});
