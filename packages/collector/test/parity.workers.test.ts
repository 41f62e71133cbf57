import { type LoggedEvent, type ReplayedEntity, replay } from "@tidemark/engine";
import { isDerived } from "@tidemark/schema/derivation-order";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { eventsUntil } from "../../engine/test/events.ts";
import { compileFeatures } from "../src/compile-features.ts";
import { accept, batch, readRollup } from "./workers/client.ts";
import { config } from "./workers/worker.ts";

const DAY = 86_400_000;

const { session, rollups } = compileFeatures(config.features);

/** Features whose merging rounds: they are equal to nine digits. All others are equal to the bit. */
const rounded = config.features.flatMap((feature): string[] =>
  feature.entity !== "session" && !isDerived(feature) && feature.aggregate.type === "decayed_count"
    ? [feature.name]
    : [],
);

/** Makes the ids of a run valid and unique, and moves its events to the days before `now`. */
const named = (events: LoggedEvent[], now: number): LoggedEvent[] => {
  const run = crypto.randomUUID().slice(0, 8);
  return events.map((event) => {
    const time = now - 2 * DAY + event.time;
    const { view_id = "", path = "" } = event.view ?? {};
    const view = {
      view_id: `${view_id}-${run}`,
      started_at: now - 2 * DAY,
      url: "https://shop.example/",
      path: `${path}-${run}`,
    };
    return {
      ...event,
      ...(event.type === "custom" && { properties: { ...event.properties, sku: `${event.properties?.sku}-${run}` } }),
      time,
      session_id: `${event.session_id}-${run}`,
      anonymous_id: `${event.anonymous_id.replaceAll(" ", "-")}-${run}`,
      ...(event.user_id !== undefined && { user_id: `${event.user_id}-${run}` }),
      tab_id: `${event.tab_id}-${run}`,
      view_id: view.view_id,
      view,
      view_time_ms: time - view.started_at,
    };
  });
};

/**
 * Splits a log into batches of one sender, sorted by `seq`: the collector folds the events of a batch in this order.
 */
const batchesOf = (events: LoggedEvent[]): LoggedEvent[][] => {
  const sender = ({ session_id, tab_id, user_id }: LoggedEvent) => `${session_id} ${tab_id} ${user_id}`;
  const batches: LoggedEvent[][] = [];
  for (const event of events) {
    const latest = batches.at(-1);
    if (latest?.[0] && sender(latest[0]) === sender(event)) latest.push(event);
    else batches.push([event]);
  }
  return batches.map((each) => each.sort((a, b) => a.seq - b.seq));
};

const send = (events: LoggedEvent[], sent_at: number) => {
  const [{ session_id, anonymous_id, user_id, tab_id }] = events as [LoggedEvent];
  const views = [...new Map(events.map(({ view }) => [view?.view_id, view])).values()];
  const onTheWire = ({ session_id, anonymous_id, user_id, tab_id, view, view_time_ms, ...event }: LoggedEvent) => event;
  const sender = { session_id, anonymous_id, tab_id, ...(user_id !== undefined && { user_id }) };
  return accept(batch(events.map(onTheWire), { ...sender, views, sent_at }));
};

/** Compares the served vector with the one of a replay at the same time. */
const compare = async ({ entity, id, state }: ReplayedEntity) => {
  const served = await (await readRollup(entity, id)).json<{
    event_time: number;
    age_ms: number;
    late: number;
    too_late: number;
    features: Record<string, unknown>;
  }>();
  const engine = entity === "session" ? session : rollups.get(entity)?.engine;
  expect({ entity, id, event_time: served.event_time }).toEqual({ entity, id, event_time: state.event_time });
  const features: Record<string, unknown> = engine?.vector(state, served.event_time + served.age_ms) ?? {};
  for (const name of rounded.filter((each) => each in features)) {
    expect(served.features[name]).toBeCloseTo(features[name] as number, 9);
    features[name] = served.features[name];
  }
  expect(served.features).toEqual(features);
  if (entity === "session") expect([served.late, served.too_late]).toEqual([state.late, state.too_late]);
};

describe("the served vectors", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("equal a replay of the same events to the bit, for sessions, users, pages and products", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        eventsUntil({ until: 2 * DAY, maxLength: 40 }),
        fc.infiniteStream(fc.boolean()),
        async (events, again) => {
          const now = 1_800_000_000_000;
          vi.setSystemTime(now);
          const batches = batchesOf(named(events, now));
          for (const each of batches) {
            await send(each, now);
            if (again.next().value)
              expect(await send(each, now)).toMatchObject({ accepted: 0, duplicates: each.length });
          }
          const replayed = replay(batches.flat(), config.features);
          await vi.waitFor(() => Promise.all(replayed.map(compare)), { timeout: 3_000 });
          compared += replayed.length;
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
    expect(compared).toBeGreaterThan(100);
  });
});
