import {
  type AggregateFeature,
  defaultFeatures,
  defineFeatures,
  type Feature,
  session,
  tumbling,
} from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { signalsOf } from "@tidemark/schema/signals";
import { describe, expect, it } from "vitest";
import { createEngine, type EngineEvent, type EngineState } from "../src/engine.ts";

const named = { description: "D.", unit: "count", entity: "session" } as const;
const ofSession = { ...named, window: session() } as const;
const features = defineFeatures([
  { ...ofSession, name: "clicks", source: "click", aggregate: { type: "count" } },
  {
    ...ofSession,
    name: "links",
    source: "click",
    where: [{ field: "link", is: "eq", value: "internal" }],
    aggregate: { type: "count" },
  },
  { ...ofSession, name: "targets", source: "click", aggregate: { type: "top_k", k: 3, field: "target.path" } },
  { ...ofSession, name: "dwell", source: "dwell", aggregate: { type: "sum", field: "engaged_delta_ms" } },
  { ...ofSession, name: "first_click", source: "click", aggregate: { type: "min", field: "x" } },
  { ...named, name: "recent", source: "click", aggregate: { type: "count" }, window: tumbling(1_000) },
  { ...ofSession, name: "custom", source: "custom", aggregate: { type: "count" } },
  { ...ofSession, name: "events", source: "any", aggregate: { type: "count" } },
  { ...named, name: "both", derive: { op: "add", left: { feature: "clicks" }, right: { feature: "dwell" } } },
]);
const engine = createEngine(features);

let seq = 0;
/** A custom event in a page view with these signals: `undefined` for no statement, `null` for no page view. */
const inView = (signals: string | undefined | null, more: object = {}): EngineEvent => {
  seq += 1;
  const view = { view_id: `view-${signals}`, started_at: 0, url: "u", ...(signals !== undefined && { signals }) };
  return {
    ...{ type: "custom", name: "n", seq, time: seq, tab_id: "tab" },
    ...(signals !== null && { view_id: view.view_id, view }),
    ...more,
  } as EngineEvent;
};
const clickIn = (signals: string | undefined | null, more: object = {}) =>
  inView(signals, { type: "click", x: 5, target: { tag: "a", path: "a" }, ...more });

const stateOf = (...events: EngineEvent[]): EngineState => {
  const state = engine.emptyState();
  for (const event of events) engine.fold(state, event, event);
  return state;
};
const vectorOf = (...events: EngineEvent[]) => engine.vector(stateOf(...events), 0);

const zeros = { clicks: 0, links: 0, targets: [], dwell: 0, recent: 0, both: 0 };
const nulls = { clicks: null, links: null, targets: null, dwell: null, recent: null, both: null };

describe("a feature whose signal runs in no page view", () => {
  it("is null instead of 0 or an empty list, and so is what is derived from it", () => {
    expect(vectorOf(inView(""))).toMatchObject({ ...nulls, custom: 1, events: 1 });
    expect(vectorOf(inView("pageViews hovers unknown"))).toMatchObject(nulls);
  });

  it("needs the enrichments of its fields too", () => {
    expect(vectorOf(inView("clicks dwell"))).toMatchObject({ ...zeros, links: null });
    expect(vectorOf(inView("clicks clickLinks dwell"))).toMatchObject(zeros);
    expect(vectorOf(inView("clickLinks"))).toMatchObject({ clicks: null, links: null });
  });

  it("keeps the value of its events", () => {
    const { clicks, targets, recent, first_click } = vectorOf(clickIn(""));
    expect({ clicks, targets, recent, first_click }).toEqual({ clicks: 1, targets: ["a"], recent: 1, first_click: 5 });
    expect(vectorOf(clickIn("", { x: 0 })).first_click).toBe(0);
  });
});

describe("a feature is 0 without events", () => {
  it("where an event belongs to a page view that does not state its signals", () => {
    expect(vectorOf(inView(undefined))).toMatchObject(zeros);
    expect(vectorOf(inView(""), inView(undefined))).toMatchObject(zeros);
    expect(vectorOf(inView(undefined), inView(""))).toMatchObject(zeros);
    expect(vectorOf(inView("", { view: { view_id: "view", started_at: 0, url: "u", signals: 5 } }))).toMatchObject(
      zeros,
    );
  });

  it("without events, and without page views", () => {
    expect(vectorOf()).toMatchObject(zeros);
    expect(vectorOf(inView(null))).toMatchObject(zeros);
    expect(vectorOf(inView(""), inView(null))).toMatchObject(nulls);
  });

  it("where its signal ran in an earlier page view, also before the window", () => {
    expect(vectorOf(inView("clicks", { time: 5 }), inView("dwell", { time: 9_000 }))).toMatchObject({
      ...zeros,
      links: null,
    });
  });
});

describe("the signals of a state", () => {
  it("are those of both states after a merge", () => {
    const merged = engine.merge(stateOf(inView("clicks")), stateOf(inView("dwell")));
    expect(engine.vector(merged, 0)).toMatchObject({ ...zeros, links: null });
    expect(engine.vector(engine.merge(stateOf(), stateOf(inView(""))), 0)).toMatchObject(nulls);
  });

  it("do not include those of an event that is too late", () => {
    const strict = createEngine(features, { outOfOrdernessMs: 0, allowedLatenessMs: 0 });
    const state = strict.emptyState();
    const [late, event] = [inView("clicks"), inView("")];
    expect([strict.fold(state, event, event), strict.fold(state, late, late)]).toEqual(["on_time", "too_late"]);
    expect(strict.vector(state, 0).clicks).toBeNull();
  });

  it("are unknown in a state from before page views stated them", () => {
    const { signals: _, ...earlier } = JSON.parse(JSON.stringify(stateOf(inView("")))) as EngineState;
    expect(engine.vector(earlier, 0)).toMatchObject(zeros);
    expect(engine.vector(engine.merge(earlier, stateOf(inView(""))), 0)).toMatchObject(zeros);
    const event = inView("");
    engine.fold(earlier, event, event);
    expect(engine.vector(earlier, 0)).toMatchObject(zeros);
    const { signals: __, ...empty } = engine.emptyState();
    engine.fold(empty, event, event);
    expect(engine.vector(empty, 0)).toMatchObject(nulls);
  });
});

describe("the catalogue", () => {
  const needed = Object.fromEntries(
    (defaultFeatures as readonly Feature[])
      .filter((feature) => !isDerived(feature))
      .map((feature) => [feature.name, signalsOf(feature as AggregateFeature)]),
  );

  it("needs the signal of each source and the enrichments of the fields that it reads", () => {
    expect(needed).toMatchObject({
      page_view_count: ["pageViews"],
      click_count: ["clicks"],
      link_click_count: ["clicks", "clickLinks"],
      dead_click_count: ["clicks", "clickEvidence"],
      scroll_velocity_max: ["scrollDepth", "readingDetails"],
      time_in_sight_ms: ["elementDwell"],
      custom_event_count: [],
      identified_count: [],
      event_count: [],
    });
  });
});
