import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { LAST_SEEN_MS, LastSeen, type Listed, type Place, type Seen } from "../../src/entities/last-seen.ts";
import { type EntityKey, entityKey, entityOf } from "../../src/entities/push.ts";
import { EntityRows } from "../../src/entities/rows.ts";
import { MemoryKv, MemoryStorage } from "./memory-storage.ts";
import { definitions } from "./page-clicks.ts";

const START: Place = { n: 0, key: "" };

const page = (id: number | string): EntityKey => entityKey("page", `/${id}`);

/** Rows with an index of small segments, of which a call reads little. */
class Store {
  readonly #storage = new MemoryStorage();
  #rows!: EntityRows;
  #index!: LastSeen;
  /** The changes since the latest write. */
  #journal: Seen[] = [];
  readonly latest = new Map<EntityKey, number>();

  constructor() {
    this.restart();
  }

  /** Moves the latest event of an entity. By 0 it stays: the event is late. */
  change(key: EntityKey, by: number): void {
    const at = (this.latest.get(key) ?? 0) + by;
    this.latest.set(key, at);
    this.#journal.push([key, at]);
    this.#rows.change(key, at).engine.event_time = at;
  }

  write(): void {
    this.#index.add(this.#rows.write(), 1_000);
    this.#rows.markWritten();
    this.#journal = [];
  }

  restart(): void {
    this.#rows = new EntityRows(this.#storage, definitions, (key) => expect.unreachable(`${key} is set aside`));
    this.#index = new LastSeen(this.#storage.kv, { full: 150, read: 400 });
    for (const [key, at] of this.#journal) this.#rows.change(key, at).engine.event_time = at;
  }

  list(entity: string, since: number, after: Place, limit: number): Listed {
    return this.#index.list(entity, since, after, limit, this.#rows);
  }
}

describe("the pages of active entities", () => {
  const keys: EntityKey[] = [...Array.from({ length: 20 }, (_, id) => page(id)), "user:a", "user:b", "user:page:"];
  const change = fc.record({ do: fc.constant("change" as const), key: fc.constantFrom(...keys), by: fc.nat(3) });
  const step = fc.oneof(
    { weight: 12, arbitrary: change },
    { weight: 3, arbitrary: fc.constant({ do: "write" as const }) },
    { weight: 1, arbitrary: fc.constant({ do: "restart" as const }) },
  );
  const steps = fc.array(step, { maxLength: 80, size: "max" });
  const run = (store: Store, some: Iterable<typeof step extends fc.Arbitrary<infer T> ? T : never>) => {
    for (const each of some) {
      if (each.do === "change") store.change(each.key, each.by);
      else store[each.do]();
    }
  };

  it("have each one that was active at the begin, and once if it does not change, whatever happens in between", () => {
    const between = fc.array(fc.array(step, { maxLength: 6 }), { maxLength: 12 });
    fc.assert(
      fc.property(steps, between, fc.nat(12), fc.integer({ min: 1, max: 5 }), (before, changes, since, limit) => {
        for (const entity of ["page", "user"]) {
          const store = new Store();
          run(store, before);
          const atBegin = new Map([...store.latest].filter(([key]) => entityOf(key) === entity));
          const listed: Seen[] = [];
          const upcoming = [...changes];
          for (let after: Place | undefined = START; after; run(store, upcoming.shift() ?? [])) {
            const { entities, next }: Listed = store.list(entity, since, after, limit);
            expect(entities.length).toBeLessThanOrEqual(limit);
            for (const [key, at] of entities) expect(at).toBe(store.latest.get(key));
            listed.push(...entities);
            after = next;
          }
          for (const key of store.latest.keys()) {
            if (entityOf(key) !== entity) continue;
            const times = listed.filter((each) => each[0] === key).map(([, at]) => at);
            const at = atBegin.get(key) ?? Number.NEGATIVE_INFINITY;
            if (store.latest.get(key) === at) expect(times).toEqual(at >= since ? [at] : []);
            else if (at >= since) expect(times.length).toBeGreaterThan(0);
            expect(times).toEqual([...new Set(times)].filter((time) => time >= since));
          }
          expect(listed.every(([key]) => entityOf(key) === entity)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

let kv: MemoryKv;
let index: LastSeen;
let latest: Map<EntityKey, number>;
beforeEach(() => {
  kv = new MemoryKv();
  index = new LastSeen(kv);
  latest = new Map();
});

const add = (seen: Seen[], now: number): void => {
  for (const [key, at] of seen) latest.set(key, at);
  index.add(seen, now);
};

/** The rows of all entities, each with a text of some length. */
const rowsOf = (characters: number) => ({
  *advanced() {},
  latestEvent: (key: EntityKey) => ({ at: latest.get(key) ?? null, characters }),
});

/** Lists all entities, page by page. */
const listAll = (entity: string, since: number): Seen[] => {
  const all: Seen[] = [];
  for (let after: Place | undefined = START; after; ) {
    const { entities, next }: Listed = index.list(entity, since, after, 1_000, rowsOf(0));
    all.push(...entities);
    after = next;
  }
  return all;
};

const segmentsOf = () => [...kv.list({ prefix: "last_seen " })];

describe("the index of active entities", () => {
  it("costs one write for each addition", () => {
    for (let n = 0; n < 1_000; n += 1) add([[page(n), n]], n);
    expect([kv.writes.length, segmentsOf().length]).toEqual([1_000, 0]);
    expect(listAll("page", 0)).toHaveLength(1_000);
  });

  it("stores no value beyond the limit, for long ids", () => {
    const long = (n: number) => page(`${n}`.padStart(1_900, "x"));
    for (let n = 0; n < 600; n += 1) add([[long(n), n]], n);
    expect([segmentsOf().length, listAll("page", 0).length]).toEqual([4, 600]);
    add(
      Array.from({ length: 2_000 }, (_, n): Seen => [long(n), 1_000 + n]),
      3_000,
    );
    expect(listAll("page", 0)).toHaveLength(2_000);
    const lengths = [...kv.list()].map(([, text]) => (text as string).length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(501_000);
  });

  it("reads one segment for a page, and no more rows than some characters", () => {
    for (let n = 0; n < 100; n += 1)
      add(
        Array.from({ length: 200 }, (_, id): Seen => [page(`${n}-${id}`.padEnd(200, "x")), n]),
        n,
      );
    kv.reads.length = 0;
    const middle = segmentsOf().length >> 1;
    const { entities, next } = index.list("page", 0, { n: middle, key: "" }, 1_000, rowsOf(100));
    expect([entities.length, next?.n, kv.reads]).toEqual([1_000, middle, ["last_seen", `last_seen ${middle}`]]);
    expect(index.list("page", 0, START, 1_000, rowsOf(1_000_000)).entities).toHaveLength(4);
    expect(
      index.list("page", 0, START, 1_000, { ...rowsOf(0), latestEvent: () => ({ at: null, characters: 50_000 }) }),
    ).toEqual({ entities: [], next: { n: 1, key: expect.any(String) } });
  });

  it("continues a list after all entities were removed", () => {
    add([[page("b"), 1]], 1);
    const { next } = index.list("page", 0, START, 1, rowsOf(0));
    index.clear();
    add([[page("a"), 2]], 2);
    expect(index.list("page", 0, next ?? START, 1, rowsOf(0)).entities).toEqual([[page("a"), 2]]);
  });

  it("keeps the latest ten thousand segments", () => {
    const full = Array.from({ length: 10_000 }, (_, index) => ({ n: index + 1, run: index + 1, until: 1_000 }));
    for (const { n } of full) {
      latest.set(page(`early-${n}`), 1_000);
      kv.put(`last_seen ${n}`, JSON.stringify([[page(`early-${n}`), 1_000]]));
    }
    kv.put("last_seen", JSON.stringify({ open: [], full, next: 10_001 }));
    add(
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
      add(seen, at);
    };
    manyOf("early", 1_000);
    add([[page("open"), 1_000]], 1_000);
    expect([listAll("page", 0).length, segmentsOf().length]).toEqual([301, 2]);
    add([[page("later"), 1_001 + LAST_SEEN_MS]], 1_001 + LAST_SEEN_MS);
    expect([listAll("page", 0).length, segmentsOf().length]).toEqual([1, 0]);
    manyOf("later", 1_001 + LAST_SEEN_MS);
    index.clear();
    expect([listAll("page", 0), segmentsOf()]).toEqual([[], []]);
  });
});
