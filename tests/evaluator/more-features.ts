import {
  cumulative,
  defineFeatures,
  type Feature,
  goalFeatures,
  hopping,
  lifetime,
  session,
  tumbling,
} from "@tidemark/schema";

const text = { description: "A feature of the tests.", unit: "value" };
const ofProduct = {
  ...text,
  entity: { name: "product", field: "properties.sku" },
  source: "custom",
  window: lifetime(),
} as const;
const ofBrowser = { ...text, entity: { name: "browser", field: "anonymous_id" }, window: lifetime() } as const;
const ofSession = { ...text, entity: "session", window: session() } as const;
const ofUser = { ...text, entity: "user" } as const;
const ofPage = { ...text, entity: "page", window: lifetime() } as const;

const price = "properties.price";
const HOUR = 3_600_000;

const ownFeatures = defineFeatures([
  { ...ofProduct, name: "product_events", aggregate: { type: "count" } },
  { ...ofProduct, name: "product_revenue", aggregate: { type: "sum", field: price } },
  { ...ofProduct, name: "product_price_mean", aggregate: { type: "mean", field: price } },
  { ...ofProduct, name: "product_price_stddev", aggregate: { type: "stddev", field: price } },
  { ...ofProduct, name: "product_price_min", aggregate: { type: "min", field: price } },
  { ...ofProduct, name: "product_price_span", aggregate: { type: "span", field: price } },
  { ...ofProduct, name: "product_price_quantile", aggregate: { type: "quantile", field: price, q: 0.3 } },
  { ...ofProduct, name: "product_prices", aggregate: { type: "distinct", field: price } },
  { ...ofProduct, name: "product_first_price", aggregate: { type: "first", field: price, absent: "null" } },
  { ...ofProduct, name: "product_last_price", aggregate: { type: "last", field: price } },
  { ...ofProduct, name: "product_last_prices", aggregate: { type: "last_n", field: price, n: 4 } },
  { ...ofProduct, name: "product_top_prices", aggregate: { type: "top_k", field: price, k: 6 } },
  { ...ofProduct, name: "product_since", aggregate: { type: "time_since_last" }, window: tumbling(HOUR) },
  {
    ...ofProduct,
    name: "product_quantity_6h",
    aggregate: { type: "sum", field: "properties.quantity" },
    where: [
      { field: "properties.quantity", is: "gt", value: 0.5 },
      { field: price, is: "ne", value: 1 },
    ],
    window: cumulative({ every_ms: HOUR, panes: 6 }),
  },
  {
    ...text,
    entity: ofProduct.entity,
    name: "product_price_level",
    derive: {
      if: {
        op: "or",
        left: { op: "gte", left: { feature: "product_price_mean" }, right: 100 },
        right: { op: "not", of: { op: "lt", left: { feature: "product_events" }, right: 3 } },
      },
      then: { op: "min", left: { feature: "product_price_mean" }, right: { feature: "product_price_span" } },
      else: { op: "subtract", left: { feature: "product_price_min" }, right: 1 },
    },
  },
  {
    ...text,
    entity: ofProduct.entity,
    name: "product_has_first_price",
    derive: { op: "ne", left: { feature: "product_first_price" }, right: { feature: "product_last_price" } },
  },
  { ...ofBrowser, name: "browser_pages", source: "any", aggregate: { type: "distinct", field: "view.path" } },
  {
    ...ofBrowser,
    name: "browser_views_of_z",
    source: "page_view",
    where: [{ field: "view.path", is: "eq", value: "/Z" }],
    aggregate: { type: "distinct", field: "view_id" },
  },
  {
    ...ofSession,
    name: "late_in_view_ms",
    source: "any",
    aggregate: { type: "quantile", field: "view_time_ms", q: 0.9 },
  },
  {
    ...ofSession,
    name: "reading_steps",
    source: "scroll",
    where: [{ field: "scroll_depth_delta_px", is: "gte", value: 300 }],
    aggregate: { type: "mean", field: "scroll_depth_delta_px" },
  },
  {
    ...ofSession,
    name: "engaged_10m",
    source: "dwell",
    aggregate: { type: "sum", field: "engaged_delta_ms" },
    window: hopping({ every_ms: 60_000, panes: 10 }),
  },
  {
    ...ofUser,
    name: "user_engaged_on_a_6h",
    source: "dwell",
    where: [{ field: "view.path", is: "in", values: ["/", "/a", "/a/b"] }],
    aggregate: { type: "sum", field: "engaged_delta_ms" },
    window: tumbling(6 * HOUR),
  },
  {
    ...ofUser,
    name: "user_event_rate",
    source: "any",
    aggregate: { type: "rate", per_ms: 1_000 },
    window: tumbling(HOUR),
  },
  {
    ...ofPage,
    name: "page_outbound",
    source: "click",
    where: [{ field: "link", is: "ne", value: "internal" }],
    aggregate: { type: "count" },
  },
  {
    ...ofPage,
    name: "page_recent_referrers",
    source: "page_view",
    aggregate: { type: "last_n", field: "view.referrer", n: 3 },
  },
  { ...ofPage, name: "page_activity", source: "any", aggregate: { type: "decayed_count", half_life_ms: HOUR } },
]);

/** A goal of which visits reach some, and one that they reach on every page. */
const goals = goalFeatures([
  { name: "order", source: "custom", where: [{ field: price, is: "gte", value: 1 }], value: price },
  { name: "press", source: "click", value: 0.5 },
]);

/** Features of custom entities, of goals, and with the aggregates, windows and conditions that the catalogue lacks. */
export const moreFeatures: readonly Feature[] = [...ownFeatures, ...goals];
