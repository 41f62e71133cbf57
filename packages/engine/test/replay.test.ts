import type { Feature } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asOf } from "../src/as-of.ts";
import { createEngine } from "../src/engine.ts";
import type { LoggedEvent } from "../src/logged-event.ts";
import { replay } from "../src/replay.ts";
import { expectedFeatures, features, idOf, idReaders, neverLate } from "./brute-force.ts";
import { eventsUntil } from "./events.ts";

const events = eventsUntil({ until: 6_000 });

describe("replay", () => {
  it("returns the vector of each entity at the time of its latest event", () => {
    fc.assert(
      fc.property(events, (all) => {
        const replayed = replay(all, features, neverLate);
        const expected = Object.keys(idReaders).flatMap((entity) => {
          const ids = new Set(all.map((event) => idOf(entity, event)).filter((id) => id !== undefined));
          return [...ids].map((id) => {
            const latest = Math.max(...all.filter((event) => idOf(entity, event) === id).map(({ time }) => time));
            return { entity, id, features: expectedFeatures(all, { entity, id, as_of: latest + 1 }) };
          });
        });
        expect(replayed.map(({ entity, id, features }) => ({ entity, id, features }))).toEqual(expected);
      }),
    );
  });

  it("classifies events by the watermark of their session for all entities, as the live system does", () => {
    const options = { outOfOrdernessMs: 100, allowedLatenessMs: 500 };
    fc.assert(
      fc.property(events, (all) => {
        const own = features.filter((feature: Feature) => feature.entity === "session");
        const engine = createEngine(own, options);
        const states = new Map(["s1", "s2"].map((id) => [id, engine.emptyState()]));
        const countedEvents = all.filter((event) => {
          const state = states.get(event.session_id);
          return state && engine.fold(state, event, event) !== "too_late";
        });
        const replayed = replay(all, features, options);
        for (const { entity, id, state, features: vector } of replayed) {
          if (entity === "session") expect(state).toEqual(states.get(id));
          const latest = state.event_time ?? 0;
          expect(vector).toEqual(expectedFeatures(countedEvents, { entity, id, as_of: latest + 1 }));
        }
      }),
    );
  });

  const click = { type: "click", time: 1, seq: 0, tab_id: "tab1", session_id: "s1", anonymous_id: "a1" };

  it.each(Object.keys(click))("rejects an event without %s", (field) => {
    const log = [click, { ...click, [field]: undefined }] as unknown as LoggedEvent[];
    const message = new RegExp(`^event 2 of the log: ${field}: expected a (text|number).*; given nothing$`);
    expect(() => replay(log, features)).toThrow(message);
    expect(() => asOf(log, features, [])).toThrow(message);
  });

  it.each<[unknown, string]>([
    [{ ...click, time: "2026-01-01" }, 'time: expected a number of UTC milliseconds; given "2026-01-01"'],
    [{ ...click, time: Number.NaN }, "time: expected a number of UTC milliseconds; given NaN"],
    [{ ...click, session_id: 7 }, "session_id: expected a text; given 7"],
    [null, "expected an object; given null"],
    ["{}", 'expected an object; given "{}"'],
  ])("rejects the invalid event %j", (event, message) => {
    expect(() => replay([event as LoggedEvent], features)).toThrow(`event 1 of the log: ${message}`);
  });
});
