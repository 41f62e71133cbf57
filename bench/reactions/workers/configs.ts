import { defineReaction, type Reaction } from "@tidemark/collector/config";
import config from "../../../tidemark.config.ts";

const { log: _, models: __, reactions: ___, ...plain } = config;

/** The demo's configuration without a log, models and reactions. */
export const without = plain;

/** Pairs of features of the catalogue, of which no session reaches a sum of {@link UNREACHED}. */
const PAIRS = [
  ["hover_count", "hover_click_count"],
  ["click_count", "rage_click_count"],
  ["dwell_ms", "hover_ms_total"],
  ["scroll_depth_max", "scroll_reversals"],
  ["page_view_count", "page_return_count"],
  ["idle_ms", "time_since_click_ms"],
  ["form_start_count", "form_submit_count"],
  ["custom_event_count", "event_rate_1m"],
] as const;

const UNREACHED = 1e12;

const never = PAIRS.map(
  ([one, other], index): Reaction =>
    defineReaction({
      name: `never_${index + 1}`,
      entity: "session",
      when: {
        op: "gt",
        left: { op: "add", left: { feature: one }, right: { feature: other } },
        right: UNREACHED,
      },
      cooldownMs: 1_000,
      expiresMs: 60_000,
      to: ["page"],
      holdout: 0.1,
    }),
);

/** The same with eight reactions, of which none fires. */
export const withEight = { ...plain, reactions: never };
