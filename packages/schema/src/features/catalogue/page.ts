import { defineFeatures } from "../define-features.ts";
import type { VectorOf } from "../vector.ts";
import * as windows from "../windows.ts";

const page = { entity: "page" } as const;
const today = windows.tumbling(86_400_000);
const sevenDays = windows.hopping({ every_ms: 86_400_000, panes: 7 });
const lastHour = windows.hopping({ every_ms: 60_000, panes: 60 });

/** Default features of a page, by its path. */
export const pageFeatures = defineFeatures([
  {
    ...page,
    name: "page_views",
    description: "Number of views of the page.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "count" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_views_1h",
    description: "Number of views of the page in the last hour, updated every minute.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "count" },
    window: lastHour,
  },
  {
    ...page,
    name: "page_views_today",
    description: "Number of views of the page today (UTC), in steps of an hour.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "count" },
    window: windows.cumulative({ every_ms: 3_600_000, panes: 24 }),
  },
  {
    ...page,
    name: "page_popularity",
    description:
      "Number of views of the page, each with a weight that halves every six hours: the page's current popularity.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "decayed_count", half_life_ms: 21_600_000 },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_visitors_today",
    description: "Number of distinct visitors (browsers) of the page today (UTC).",
    unit: "count",
    source: "page_view",
    aggregate: { type: "distinct", field: "anonymous_id" },
    window: today,
  },
  {
    ...page,
    name: "page_visitors_7d",
    description: "Number of distinct visitors (browsers) of the page in the last seven days (UTC), including today.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "distinct", field: "anonymous_id" },
    window: sevenDays,
  },
  {
    ...page,
    name: "page_engaged_ms",
    description: "Total engaged time over all views of the page.",
    unit: "ms",
    source: "dwell",
    aggregate: { type: "sum", field: "engaged_delta_ms" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_engaged_ms_per_view",
    description: "Mean engaged time per view of the page.",
    unit: "ms",
    derive: { op: "divide", left: { feature: "page_engaged_ms" }, right: { feature: "page_views" } },
  },
  {
    ...page,
    name: "page_completed_views",
    description: "Number of views of the page that were scrolled to 90 % or more.",
    unit: "count",
    source: "scroll",
    where: [{ field: "scroll_depth_percentage", is: "gte", value: 90 }],
    aggregate: { type: "distinct", field: "view_id" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_completion_ratio",
    description: "Share of the page's views that were scrolled to 90 % or more.",
    unit: "ratio",
    derive: { op: "divide", left: { feature: "page_completed_views" }, right: { feature: "page_views" } },
  },
  {
    ...page,
    name: "page_reading_ms_p50",
    description:
      "Median over the page's scroll events of the time from the page view's start to its deepest point so far.",
    unit: "ms",
    source: "scroll",
    aggregate: { type: "quantile", field: "depth_reached_ms", q: 0.5 },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_clicks",
    description: "Number of clicks on the page.",
    unit: "count",
    source: "click",
    aggregate: { type: "count" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_clicks_per_view",
    description: "Mean number of clicks per view of the page.",
    unit: "count",
    derive: { op: "divide", left: { feature: "page_clicks" }, right: { feature: "page_views" } },
  },
  {
    ...page,
    name: "page_dead_clicks",
    description:
      "Dead clicks on the page: clicks without a reaction of the page within 2.5 seconds, where a reaction is expected.",
    unit: "count",
    source: "click",
    where: [{ field: "response", is: "eq", value: "none" }],
    aggregate: { type: "count" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_dead_click_ratio",
    description: "Dead clicks as a share of the page's clicks.",
    unit: "ratio",
    derive: { op: "divide", left: { feature: "page_dead_clicks" }, right: { feature: "page_clicks" } },
  },
  {
    ...page,
    name: "page_rage_clicks_7d",
    description:
      "Rage clicks on the page in the last seven days (UTC), including today: bursts of three or more clicks.",
    unit: "count",
    source: "click",
    where: [{ field: "burst", is: "eq", value: 3 }],
    aggregate: { type: "count" },
    window: sevenDays,
  },
  {
    ...page,
    name: "page_top_targets",
    description: "The five elements of the page that were clicked most often, most frequent first.",
    unit: "selectors",
    source: "click",
    aggregate: { type: "top_k", k: 5, field: "target.path" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_hover_ms_p90",
    description: "90th percentile of the duration of a hover on the page.",
    unit: "ms",
    source: "hover",
    aggregate: { type: "quantile", field: "element_hover_duration", q: 0.9 },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_video_plays",
    description: "Number of times that a video or audio on the page started or resumed.",
    unit: "count",
    source: "video_play",
    aggregate: { type: "count" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_video_completes",
    description: "Number of times that a video or audio on the page played to its end.",
    unit: "count",
    source: "video_complete",
    aggregate: { type: "count" },
    window: windows.lifetime(),
  },
  {
    ...page,
    name: "page_lcp_ms_p75",
    description:
      "75th percentile of the page's Largest Contentful Paint values of the last seven days (UTC), including today.",
    unit: "ms",
    source: "web_vital",
    where: [{ field: "metric", is: "eq", value: "LCP" }],
    aggregate: { type: "quantile", field: "value", q: 0.75 },
    window: sevenDays,
  },
  {
    ...page,
    name: "page_inp_ms_p75",
    description:
      "75th percentile of the page's Interaction to Next Paint values of the last seven days (UTC), including today.",
    unit: "ms",
    source: "web_vital",
    where: [{ field: "metric", is: "eq", value: "INP" }],
    aggregate: { type: "quantile", field: "value", q: 0.75 },
    window: sevenDays,
  },
  {
    ...page,
    name: "page_cls_p75",
    description:
      "75th percentile of the page's Cumulative Layout Shift values of the last seven days (UTC), including today.",
    unit: "score",
    source: "web_vital",
    where: [{ field: "metric", is: "eq", value: "CLS" }],
    aggregate: { type: "quantile", field: "value", q: 0.75 },
    window: sevenDays,
  },
  {
    ...page,
    name: "page_error_reports_1h",
    description:
      "Number of error events of the page in the last hour, updated every minute. Each event reports uncaught errors of one kind and type.",
    unit: "count",
    source: "error",
    aggregate: { type: "count" },
    window: lastHour,
  },
]);

/** Vector of the default features of a page. */
export type PageVector = VectorOf<typeof pageFeatures>;
