import { type Feature, lifetime } from "@tidemark/schema";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compileFeatures, type Definitions } from "../../src/compile-features.ts";
import { mergePushes } from "../../src/rollup/merge.ts";
import type { Delta, Push, RollupKey } from "../../src/rollup/push.ts";
import { EntityRows } from "../../src/rollup/rows.ts";
import { MemoryKv } from "./memory-kv.ts";

const count = { description: "D.", unit: "count", aggregate: { type: "count" }, window: lifetime() } as const;
const ofUser: Feature = { ...count, name: "clicks", entity: "user", source: "click" };
const ofPage: Feature = { ...count, name: "page_clicks", entity: "page", source: "click" };
const viewsOfPage: Feature = { ...count, name: "page_views", entity: "page", source: "page_view" };

const definitions = compileFeatures([ofUser, ofPage]);
const { layouts } = definitions;

const DAY = 86_400_000;
const NOW = 1_800_000_000_000;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

const rowsOf = (of: Definitions = definitions) => new EntityRows(new MemoryKv(), of);

/** A delta with a number of clicks. */
const clicks = (many: number, more: Partial<Delta> = {}): Delta => ({ cells: [many], event_time: NOW, ...more });

const push = (n: number, deltas: Push["deltas"], more: Partial<Push> = {}): Push => ({
  n,
  shard: 0,
  layouts,
  deltas,
  ...more,
});

const merge = (rows: EntityRows, session: string, ...pushes: Push[]) => mergePushes(rows, definitions, session, pushes);

const clicksOf = (rows: EntityRows, key: RollupKey) => rows.get(key)?.engine.cells[0] ?? 0;

describe("a push", () => {
  it("is merged into the row of each entity with a delta", () => {
    const rows = rowsOf();
    merge(rows, "s1", push(1, { "user:ann": clicks(2), "page:/": clicks(3) }));
    merge(rows, "s1", push(2, { "user:ann": clicks(1) }));
    expect([clicksOf(rows, "user:ann"), clicksOf(rows, "page:/")]).toEqual([3, 3]);
  });

  it("adds its numbers of late events", () => {
    const rows = rowsOf();
    merge(
      rows,
      "s1",
      push(1, { "user:ann": clicks(2, { late: 1 }) }),
      push(2, { "user:ann": clicks(0, { too_late: 4 }) }),
    );
    expect(rows.get("user:ann")?.engine).toMatchObject({ late: 1, too_late: 4 });
  });

  it("has the layouts of the previous push if it has none", () => {
    const rows = rowsOf();
    const { layouts: _, ...bare } = push(2, { "page:/": clicks(5) });
    merge(rows, "s1", push(1, { "page:/": clicks(1) }), bare);
    expect(clicksOf(rows, "page:/")).toBe(6);
  });

  it("is not changed by the merge", () => {
    const rows = rowsOf();
    const pushes = [push(1, { "user:ann": clicks(2) }), push(2, { "user:ann": clicks(3) })];
    const before = structuredClone(pushes);
    merge(rows, "s1", ...pushes);
    expect(pushes).toEqual(before);
  });

  it("of other definitions updates the shared features only", () => {
    const rows = rowsOf();
    const other = compileFeatures([viewsOfPage, ofPage]);
    merge(rows, "s1", push(1, { "page:/": { cells: [40, 2], event_time: NOW } }, { layouts: other.layouts }));
    expect(clicksOf(rows, "page:/")).toBe(2);
  });

  it("does not update entities without a feature or a layout", () => {
    const rows = rowsOf();
    const foreign = push(1, { "product:boots": clicks(1), "page:/": clicks(1), "user:ann": clicks(1) });
    merge(rows, "s1", { ...foreign, layouts: { user: layouts.user as never, product: layouts.user as never } });
    expect([clicksOf(rows, "page:/"), clicksOf(rows, "user:ann")]).toEqual([0, 1]);
  });
});

describe("a repeated push", () => {
  it("changes nothing, with or without a later push in between", () => {
    const rows = rowsOf();
    const [one, two] = [push(1, { "user:ann": clicks(1) }), push(2, { "user:ann": clicks(2) })];
    expect(merge(rows, "s1", one)).toBe(1);
    expect(merge(rows, "s1", one, two)).toBe(1);
    expect(merge(rows, "s1", one, two)).toBe(0);
    expect(clicksOf(rows, "user:ann")).toBe(3);
  });

  it("is distinguished from a push of the same number of another session", () => {
    const rows = rowsOf();
    for (const session of ["s1", "s2"]) expect(merge(rows, session, push(1, { "user:ann": clicks(1) }))).toBe(1);
    expect(clicksOf(rows, "user:ann")).toBe(2);
  });

  it("is recognised by the row of the user if its first delta is a user's, or else by a row of its session", () => {
    const rows = rowsOf();
    merge(rows, "s1", push(1, { "user:ann": clicks(1) }), push(2, { "page:/": clicks(1) }));
    expect(rows.get("user:ann")?.latest_pushes).toEqual(new Map([["s1", { n: 1, at: NOW }]]));
    expect(rows.get("session:s1")?.latest_pushes).toEqual(new Map([["s1", { n: 2, at: NOW }]]));
  });

  it("is recognised through 511 later sessions within a day", () => {
    const rows = rowsOf();
    const one = push(1, { "user:ann": clicks(1) });
    merge(rows, "s0", one);
    for (let session = 1; session < 512; session += 1) merge(rows, `s${session}`, one);
    vi.setSystemTime(NOW + DAY - 1);
    merge(rows, "s1", push(2, { "user:ann": clicks(1) }));
    expect(merge(rows, "s0", one)).toBe(0);
    merge(rows, "s512", one);
    expect(rows.get("user:ann")?.latest_pushes.size).toBe(512);
    expect(rows.get("user:ann")?.latest_pushes.has("s0")).toBe(false);
  });

  it("is forgotten a day after its session's latest push, when another session pushes", () => {
    const rows = rowsOf();
    for (const session of ["s0", "s1"]) merge(rows, session, push(1, { "user:ann": clicks(1) }));
    vi.setSystemTime(NOW + 1);
    merge(rows, "s0", push(2, { "user:ann": clicks(1) }));
    vi.setSystemTime(NOW + DAY);
    merge(rows, "s2", push(1, { "user:ann": clicks(1) }));
    expect([...(rows.get("user:ann")?.latest_pushes.keys() ?? [])]).toEqual(["s0", "s2"]);
  });
});

describe("pushes of several sessions", () => {
  const keys = fc.uniqueArray(fc.constantFrom<RollupKey>("user:ann", "user:bob", "page:/", "page:/b"), {
    minLength: 1,
  });
  const sessions = fc.array(
    fc
      .array(fc.tuple(keys, fc.integer({ min: 1, max: 9 })), { maxLength: 6 })
      .map((contents) =>
        contents.map(([of, many], index) =>
          push(index + 1, Object.fromEntries(of.map((key) => [key, clicks(many)])) as Push["deltas"]),
        ),
      ),
    { minLength: 1, maxLength: 4 },
  );

  it("count once each under any repetition and interleaving", () => {
    fc.assert(
      fc.property(
        sessions,
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 }), fc.boolean())),
        (all, turns) => {
          const rows = rowsOf();
          const confirmed = all.map(() => 0);
          const turn = (session: number, length: number, isConfirmed: boolean) => {
            const next = confirmed[session] as number;
            const sent = (all[session] as Push[]).slice(next, next + length);
            merge(rows, `s${session}`, ...sent);
            if (isConfirmed) confirmed[session] = next + sent.length;
          };
          for (const [pick, length, isConfirmed] of turns) turn(pick % all.length, length, isConfirmed);
          for (const session of all.keys()) turn(session, 6, true);
          const expected: Record<string, number> = {};
          for (const { deltas } of all.flat()) {
            for (const [key, { cells }] of Object.entries(deltas))
              expected[key] = (expected[key] ?? 0) + (cells[0] as number);
          }
          for (const [key, total] of Object.entries(expected)) expect(clicksOf(rows, key as RollupKey)).toBe(total);
        },
      ),
    );
  });
});

describe("the browsers of a user", () => {
  const browsersOf = (rows: EntityRows) => rows.get("user:ann")?.anonymous_ids;
  const identify = (rows: EntityRows, session: string, anonymous_id: string) =>
    merge(rows, session, push(1, { "user:ann": clicks(1, { anonymous_id }) }));

  it("are stored once each, the latest last", () => {
    const rows = rowsOf();
    for (const [session, browser] of ["a", "b", "a", "c", "c"].entries()) identify(rows, `s${session}`, browser);
    expect(browsersOf(rows)).toEqual(["b", "a", "c"]);
  });

  it("are the latest 16", () => {
    const rows = rowsOf();
    for (let browser = 0; browser < 20; browser += 1) identify(rows, `s${browser}`, `browser-${browser}`);
    expect(browsersOf(rows)).toEqual(Array.from({ length: 16 }, (_, index) => `browser-${index + 4}`));
  });

  it("are empty if no push names one", () => {
    const rows = rowsOf();
    merge(rows, "s1", push(1, { "user:ann": clicks(1) }));
    expect(browsersOf(rows)).toEqual([]);
  });
});
