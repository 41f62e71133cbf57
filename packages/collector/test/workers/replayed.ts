import type { LoggedEvent, ReplayedEntity } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { expect } from "vitest";
import { compileFeatures } from "../../src/compile-features.ts";
import { accept, batch, readRollup } from "./client.ts";
import { config } from "./worker.ts";

const DAY = 86_400_000;

const { session, rollups } = compileFeatures(config.features);

const features: readonly Feature[] = config.features;

/** Features whose merging rounds: they are equal to nine digits. All others are equal to the bit. */
const rounded = features.flatMap((feature): string[] =>
  feature.entity !== "session" && !isDerived(feature) && feature.aggregate.type === "decayed_count"
    ? [feature.name]
    : [],
);

/** Gives the events of each tab its times in the order of their numbers, as a clock does. */
const inTabOrder = (events: LoggedEvent[]): LoggedEvent[] =>
  events.map((event) => {
    const own = events.filter((other) => other.session_id === event.session_id && other.tab_id === event.tab_id);
    const times = own.map(({ time }) => time).sort((a, b) => a - b);
    return { ...event, time: times[own.filter(({ seq }) => seq < event.seq).length] as number };
  });

/**
 * Makes the ids of a run valid and unique, and moves its events to the days before `now`.
 *
 * @param visit Makes the ids of sessions and browsers unique: visits of a run share users, pages and products.
 */
export const named = (events: LoggedEvent[], now: number, run: string, visit = run): LoggedEvent[] => {
  return inTabOrder(events).map((event) => {
    const time = now - 2 * DAY + event.time;
    const { view_id = "", path = "" } = event.view ?? {};
    const view = {
      view_id: `${view_id}-${visit}`,
      started_at: now - 2 * DAY,
      url: "https://shop.example/",
      path: `${path}-${run}`,
    };
    return {
      ...event,
      ...(event.type === "custom" && { properties: { ...event.properties, sku: `${event.properties?.sku}-${run}` } }),
      time,
      session_id: `${event.session_id}-${visit}`,
      anonymous_id: `${event.anonymous_id.replaceAll(" ", "-")}-${visit}`,
      ...(event.user_id !== undefined && { user_id: `${event.user_id}-${run}` }),
      tab_id: `${event.tab_id}-${visit}`,
      view_id: view.view_id,
      view,
      view_time_ms: time - view.started_at,
    };
  });
};

/**
 * Splits a log into batches of one sender, sorted by `seq`: the collector folds the events of a batch in this order.
 */
export const batchesOf = (events: LoggedEvent[]): LoggedEvent[][] => {
  const sender = ({ session_id, tab_id, user_id }: LoggedEvent) => `${session_id} ${tab_id} ${user_id}`;
  const batches: LoggedEvent[][] = [];
  for (const event of events) {
    const latest = batches.at(-1);
    if (latest?.[0] && sender(latest[0]) === sender(event)) latest.push(event);
    else batches.push([event]);
  }
  return batches.map((each) => each.sort((a, b) => a.seq - b.seq));
};

/** Sends a batch to a site. */
export const send = (events: LoggedEvent[], sent_at: number, key = "tm_shop_aaaaaaaa") => {
  const [{ session_id, anonymous_id, user_id, tab_id }] = events as [LoggedEvent];
  const views = [...new Map(events.map(({ view }) => [view?.view_id, view])).values()];
  const onTheWire = ({ session_id, anonymous_id, user_id, tab_id, view, view_time_ms, ...event }: LoggedEvent) => event;
  const sender = { session_id, anonymous_id, tab_id, ...(user_id !== undefined && { user_id }) };
  return accept(batch(events.map(onTheWire), { ...sender, key, views, sent_at }));
};

/** Compares the served vector with the one of a replay at the same time. */
export const compare = async ({ entity, id, state }: ReplayedEntity, readKey = "shop-read-key") => {
  const served = await (await readRollup(entity, id, readKey)).json<{
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
