import { defineFeatures, hopping, lifetime, session, tumbling } from "@tidemark/schema";
import { entityId } from "../src/entity.ts";
import type { LoggedEvent } from "../src/logged-event.ts";

const named = { description: "D.", unit: "count" };
const product = { name: "product", field: "properties.sku" } as const;
/** Features of four entities. */
export const features = defineFeatures([
  { ...named, name: "s_events", entity: "session", source: "any", aggregate: { type: "count" }, window: session() },
  {
    ...named,
    name: "s_last",
    entity: "session",
    source: "page_view",
    aggregate: { type: "last", field: "view.path" },
    window: session(),
  },
  {
    ...named,
    name: "u_clicks",
    entity: "user",
    source: "click",
    aggregate: { type: "count" },
    window: hopping({ every_ms: 700, panes: 3 }),
  },
  {
    ...named,
    name: "u_recency",
    entity: "user",
    source: "any",
    aggregate: { type: "time_since_last" },
    window: lifetime(),
  },
  {
    ...named,
    name: "p_hover",
    entity: "page",
    source: "hover",
    aggregate: { type: "sum", field: "element_hover_duration" },
    window: tumbling(2_000),
  },
  {
    ...named,
    name: "p_visitors",
    entity: "page",
    source: "any",
    aggregate: { type: "distinct", field: "anonymous_id" },
    window: lifetime(),
  },
  {
    ...named,
    name: "x_price",
    entity: product,
    source: "custom",
    aggregate: { type: "max", field: "properties.price" },
    window: lifetime(),
  },
]);

/** Options with which no event is late. */
export const neverLate = { outOfOrdernessMs: 1e12 };
/** Readers of the ids of each entity. */
export const idReaders = {
  session: entityId("session"),
  user: entityId("user"),
  page: entityId("page"),
  product: entityId(product),
};
/** Returns the id of the entity that an event counts for. */
export const idOf = (entity: string, event: LoggedEvent) => idReaders[entity as keyof typeof idReaders](event, event);

/** Computes the features of an entity as of a point in time from its events, without the engine. */
export const expectedFeatures = (
  all: LoggedEvent[],
  { entity, id, as_of }: { entity: string; id: string; as_of: number },
) => {
  const own = all.filter((event) => event.time < as_of && idOf(entity, event) === id);
  const at = as_of - 1;
  const since = (start: number) => own.filter(({ time }) => time >= start);
  const last = own
    .filter(({ type }) => type === "page_view")
    .toSorted((a, b) => a.time - b.time || (a.tab_id < b.tab_id ? -1 : a.tab_id > b.tab_id ? 1 : a.seq - b.seq))
    .at(-1);
  const prices = own.flatMap((event) => (event.type === "custom" ? [event.properties?.price as number] : []));
  return {
    session: { s_events: own.length, s_last: last?.view?.path ?? null },
    user: {
      u_clicks: since(Math.floor(at / 700) * 700 + 700 - 2_100).filter(({ type }) => type === "click").length,
      u_recency: own.length ? at - Math.max(...own.map(({ time }) => time)) : null,
    },
    page: {
      p_hover: since(Math.floor(at / 2_000) * 2_000).reduce(
        (total, event) => total + (event.type === "hover" ? event.element_hover_duration : 0),
        0,
      ),
      p_visitors: new Set(own.map(({ anonymous_id }) => anonymous_id)).size,
    },
    product: { x_price: prices.length ? Math.max(...prices) : null },
  }[entity];
};
