import { defineFeatures } from "../define-features.ts";
import type { VectorOf } from "../vector.ts";
import * as windows from "../windows.ts";

const user = { entity: "user" } as const;
const today = windows.tumbling(86_400_000);
const sevenDays = windows.hopping({ every_ms: 86_400_000, panes: 7 });

/** Default features of a user, over all sessions. */
export const userFeatures = defineFeatures([
  {
    ...user,
    name: "clicks_last_minute",
    description: "Number of clicks of the user in the last minute, updated every ten seconds.",
    unit: "count",
    source: "click",
    aggregate: { type: "count" },
    window: windows.hopping({ every_ms: 10_000, panes: 6 }),
  },
  {
    ...user,
    name: "user_first_seen_at",
    description: "Time of the user's first event.",
    unit: "UTC ms",
    source: "any",
    aggregate: { type: "first", field: "time" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_recency_ms",
    description: "Time since the user's latest event.",
    unit: "ms",
    source: "any",
    aggregate: { type: "time_since_last" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_session_count",
    description: "Number of sessions of the user.",
    unit: "count",
    source: "any",
    aggregate: { type: "distinct", field: "session_id" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_is_returning",
    description: "Whether the user has more than one session.",
    unit: "yes or no",
    derive: { op: "gt", left: { feature: "user_session_count" }, right: 1 },
  },
  {
    ...user,
    name: "user_session_count_30d",
    description: "Number of sessions of the user in the last 30 days (UTC), including today.",
    unit: "count",
    source: "any",
    aggregate: { type: "distinct", field: "session_id" },
    window: windows.hopping({ every_ms: 86_400_000, panes: 30 }),
  },
  {
    ...user,
    name: "user_activity_7d",
    description: "Number of events of the user, each with a weight that halves every seven days.",
    unit: "count",
    source: "any",
    aggregate: { type: "decayed_count", half_life_ms: 604_800_000 },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_page_views_today",
    description: "Number of page views of the user today (UTC).",
    unit: "count",
    source: "page_view",
    aggregate: { type: "count" },
    window: today,
  },
  {
    ...user,
    name: "user_page_views_7d",
    description: "Number of page views of the user in the last seven days (UTC), including today.",
    unit: "count",
    source: "page_view",
    aggregate: { type: "count" },
    window: sevenDays,
  },
  {
    ...user,
    name: "user_page_rate_1h",
    description: "Page views of the user per minute, over the last hour.",
    unit: "count per minute",
    source: "page_view",
    aggregate: { type: "rate", per_ms: 60_000 },
    window: windows.hopping({ every_ms: 60_000, panes: 60 }),
  },
  {
    ...user,
    name: "user_engaged_ms",
    description: "Total engaged time of the user over all page views.",
    unit: "ms",
    source: "dwell",
    aggregate: { type: "sum", field: "engaged_delta_ms" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_engaged_ms_7d",
    description: "Total engaged time of the user in the last seven days (UTC), including today.",
    unit: "ms",
    source: "dwell",
    aggregate: { type: "sum", field: "engaged_delta_ms" },
    window: sevenDays,
  },
  {
    ...user,
    name: "user_engaged_ms_per_session",
    description: "Mean engaged time per session of the user.",
    unit: "ms",
    derive: { op: "divide", left: { feature: "user_engaged_ms" }, right: { feature: "user_session_count" } },
  },
  {
    ...user,
    name: "user_top_paths",
    description: "Paths of the three pages that the user viewed most often, most frequent first.",
    unit: "paths",
    source: "page_view",
    aggregate: { type: "top_k", k: 3, field: "view.path" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_recent_events",
    description: "Names of the user's latest ten events captured by track(), latest last.",
    unit: "names",
    source: "custom",
    aggregate: { type: "last_n", n: 10, field: "name" },
    window: windows.lifetime(),
  },
  {
    ...user,
    name: "user_rage_clicks_7d",
    description:
      "Rage clicks of the user in the last seven days (UTC), including today: bursts of three or more clicks.",
    unit: "count",
    source: "click",
    where: [{ field: "burst", is: "eq", value: 3 }],
    aggregate: { type: "count" },
    window: sevenDays,
  },
  {
    ...user,
    name: "user_video_plays_7d",
    description:
      "Number of times that a video or audio started or resumed for the user in the last seven days (UTC), including today.",
    unit: "count",
    source: "video_play",
    aggregate: { type: "count" },
    window: sevenDays,
  },
]);

/** Vector of the default features of a user. */
export type UserVector = VectorOf<typeof userFeatures>;
