import { type Feature, lifetime } from "@tidemark/schema";
import { beforeEach, describe, expect, it } from "vitest";
import { compileFeatures, type Definitions } from "../../src/compile-features.ts";
import { decodeDeltas, type EntityRow, mergeInto } from "../../src/entities/merge.ts";
import type { Delta, EntityKey, Push } from "../../src/entities/push.ts";

const count = { description: "D.", unit: "count", aggregate: { type: "count" }, window: lifetime() } as const;
const ofUser: Feature = { ...count, name: "clicks", entity: "user", source: "click" };
const ofPage: Feature = { ...count, name: "page_clicks", entity: "page", source: "click" };
const viewsOfPage: Feature = { ...count, name: "page_views", entity: "page", source: "page_view" };

const definitions = compileFeatures([ofUser, ofPage]);
const { layouts } = definitions;

const NOW = 1_800_000_000_000;

/** A delta with a number of clicks. */
const clicks = (many: number, more: Partial<Delta> = {}): Delta => ({ cells: [many], event_time: NOW, ...more });

const push = (n: number, deltas: Push["deltas"], more: Partial<Push> = {}): Push => ({ n, layouts, deltas, ...more });

let rows: Map<EntityKey, EntityRow>;
beforeEach(() => {
  rows = new Map();
});

const merge = (pushes: Push[], after = 0, of: Definitions = definitions) => {
  for (const { key, engine, delta } of decodeDeltas(pushes, after, of)) {
    const row = rows.get(key) ?? { engine: engine.emptyState(), anonymous_ids: [] };
    rows.set(key, row);
    mergeInto(engine, row, delta);
  }
};

const clicksOf = (key: EntityKey) => rows.get(key)?.engine.cells[0] ?? 0;

describe("the deltas of pushes", () => {
  it("are merged into the row of each entity", () => {
    merge([push(1, { "user:ann": clicks(2), "page:/": clicks(3) }), push(2, { "user:ann": clicks(1) })]);
    expect([clicksOf("user:ann"), clicksOf("page:/")]).toEqual([3, 3]);
  });

  it("are left out up to a number", () => {
    merge(
      [push(1, { "user:ann": clicks(1) }), push(2, { "user:ann": clicks(2) }), push(5, { "user:ann": clicks(4) })],
      2,
    );
    expect(clicksOf("user:ann")).toBe(4);
  });

  it("add their numbers of late events", () => {
    merge([push(1, { "user:ann": clicks(2, { late: 1 }) }), push(2, { "user:ann": clicks(0, { too_late: 4 }) })]);
    expect(rows.get("user:ann")?.engine).toMatchObject({ late: 1, too_late: 4 });
  });

  it("have the layouts of the previous push if theirs has none, also if that one is left out", () => {
    const { layouts: _, ...bare } = push(2, { "page:/": clicks(5) });
    merge([push(1, { "page:/": clicks(1) }), bare]);
    merge([push(1, { "page:/": clicks(1) }), bare], 1);
    expect(clicksOf("page:/")).toBe(11);
  });

  it("are not changed by the merge", () => {
    const pushes = [push(1, { "user:ann": clicks(2) }), push(2, { "user:ann": clicks(3) })];
    const before = structuredClone(pushes);
    merge(pushes);
    expect(pushes).toEqual(before);
  });

  it("of other definitions update the shared features only", () => {
    const other = compileFeatures([viewsOfPage, ofPage]);
    merge([push(1, { "page:/": { cells: [40, 2], event_time: NOW } }, { layouts: other.layouts })]);
    expect(clicksOf("page:/")).toBe(2);
  });

  it("are left out for entities without a feature or a layout", () => {
    const deltas = { "product:boots": clicks(1), "page:/": clicks(1), "user:ann": clicks(1) };
    merge([push(1, deltas, { layouts: { user: layouts.user as never, product: layouts.user as never } })]);
    expect([...rows.keys()]).toEqual(["user:ann"]);
  });
});

describe("the browsers of a user", () => {
  const browsersOf = () => rows.get("user:ann")?.anonymous_ids;
  const identify = (...anonymous_ids: string[]) => merge([push(1, { "user:ann": clicks(1, { anonymous_ids }) })]);

  it("are stored once each, the latest last", () => {
    for (const browser of ["a", "b", "a", "c", "c"]) identify(browser);
    expect(browsersOf()).toEqual(["b", "a", "c"]);
  });

  it("are those of all merged deltas", () => {
    identify("a", "b", "c");
    identify("d", "b");
    expect(browsersOf()).toEqual(["a", "c", "d", "b"]);
  });

  it("are the latest 16", () => {
    for (let browser = 0; browser < 20; browser += 1) identify(`browser-${browser}`);
    expect(browsersOf()).toEqual(Array.from({ length: 16 }, (_, index) => `browser-${index + 4}`));
  });

  it("are empty if no push names one", () => {
    merge([push(1, { "user:ann": clicks(1) })]);
    expect(browsersOf()).toEqual([]);
  });
});
