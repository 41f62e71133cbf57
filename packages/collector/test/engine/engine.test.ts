import { type Feature, sessionFeatures } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEngine, type Engine, type EngineEvent, type EngineState } from "../../src/engine/engine.ts";

const session = { entity: "session", window: { type: "session" }, description: "", unit: "" } as const;
const clickCount: Feature = { ...session, name: "clicks", source: "click", aggregate: { type: "count" } };

const target = { tag: "a", path: "a" };
const event: fc.Arbitrary<EngineEvent> = fc
  .record({
    seq: fc.nat(1000),
    time: fc.nat(100_000),
    view: fc.nat(3),
    kind: fc.constantFrom("click", "hover", "custom", "page_view"),
    ms: fc.nat(900),
  })
  .map(({ seq, time, view, kind, ms }) => {
    const view_id = `view-${view}`;
    const common = {
      seq,
      time,
      view_id,
      tab_id: "tab",
      view: { view_id, started_at: 0, url: "u", path: `/${view}` },
      view_time_ms: time,
    };
    if (kind === "click")
      return { ...common, type: "click", target, x: 0, y: 0, page_x: 0, page_y: 0, button: 0, pointer_type: "mouse" };
    if (kind === "hover")
      return {
        ...common,
        type: "hover",
        target,
        element_hover_duration: ms,
        x: 1,
        y: 1,
        pointer_type: "mouse",
        clicked: ms % 2 === 0,
      };
    return kind === "custom"
      ? { ...common, type: "custom", name: "x" }
      : { ...common, type: "page_view", cause: "load" };
  });
const events = fc.uniqueArray(event, { maxLength: 50, selector: ({ seq }) => seq });

const engine = createEngine(sessionFeatures);
const AT = 100_000;
const foldAll = (all: EngineEvent[], with_: Engine = engine): EngineState => {
  const state = with_.zero();
  for (const each of all) with_.fold(state, each);
  return state;
};
const vectorOf = (all: EngineEvent[]) => engine.vector(foldAll(all), AT);

describe("the engine", () => {
  it("yields the same vector in whatever order the events come", () => {
    fc.assert(
      fc.property(events, fc.infiniteStream(fc.nat()), (all, shuffle) => {
        const keys = new Map(all.map((each) => [each, shuffle.next().value]));
        const shuffled = all.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
        expect(vectorOf(shuffled)).toEqual(vectorOf(all));
      }),
    );
  });

  it("merges the states of two disjoint sets of events into the state of both", () => {
    fc.assert(
      fc.property(events, fc.nat(50), (all, cut) => {
        const [a, b] = [all.slice(0, cut), all.slice(cut)].map((part) => foldAll(part));
        if (!a || !b) throw new Error("two parts");
        const merged = engine.merge(a, b);
        expect(engine.vector(merged, AT)).toEqual(vectorOf(all));
        expect(merged.event_time).toBe(all.length ? Math.max(...all.map(({ time }) => time)) : null);
      }),
    );
  });

  it("survives its state's way through structured cloning", () => {
    fc.assert(
      fc.property(events, fc.nat(50), (all, cut) => {
        let state = engine.zero();
        all.forEach((each, index) => {
          if (index === cut) state = structuredClone(state);
          engine.fold(state, each);
        });
        expect(engine.vector(state, AT)).toEqual(vectorOf(all));
      }),
    );
  });

  it("says null where a derived feature is not defined, and a number where it is", () => {
    const ratio: Feature = {
      entity: "session",
      description: "",
      unit: "",
      name: "r",
      derive: { op: "divide", left: 6, right: { feature: "clicks" } },
    };
    const tiny = createEngine([clickCount, ratio]);
    const click = fc.sample(
      event.filter(({ type }) => type === "click"),
      1,
    )[0] as EngineEvent;
    expect(tiny.vector(tiny.zero(), AT)).toEqual({ clicks: 0, r: null });
    expect(tiny.vector(foldAll([click, click], tiny), AT)).toEqual({ clicks: 2, r: 3 });
  });

  it("refuses definitions that cannot be meant", () => {
    expect(() => createEngine([clickCount, clickCount])).toThrow("feature clicks is defined twice");
    const lost: Feature = { entity: "session", description: "", unit: "", name: "r", derive: { feature: "clicks" } };
    expect(() => createEngine([lost])).toThrow("feature r is derived from clicks, which is not defined");
    const circle: Feature = { ...lost, name: "clicks", derive: { feature: "r" } };
    expect(() => createEngine([lost, circle])).toThrow("feature r is derived from itself: r <- clicks <- r");
  });

  it("keeps its watermark a bounded out-of-orderness behind the latest event", () => {
    const state = engine.zero();
    expect(engine.watermark(state)).toBeNull();
    engine.advance(state, 20_000);
    expect(engine.watermark(state)).toBe(15_000);
  });
});
