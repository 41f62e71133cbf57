import type { View } from "@tidemark/schema";
import fc from "fast-check";
import type { LoggedEvent } from "../src/logged-event.ts";

const BEGIN = 1_800_000_000_000;

const step = fc.record({
  session: fc.nat(1),
  tab: fc.nat(2),
  view: fc.nat(32),
  kind: fc.constantFrom("dwell", "scroll", "page_view"),
  growth: fc.nat(20_000),
  after: fc.oneof({ weight: 9, arbitrary: fc.nat(4_000) }, { weight: 1, arbitrary: fc.nat(90_000_000) }),
  isLost: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  /** Number of later events before which the event arrives. */
  delay: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
});

/**
 * Generates the log of two sessions, each with up to 99 page views in three tabs that use the same ids. The page views
 * have totals that grow, in any order. Some events are lost, others arrive late or too late. In the second half of the
 * log the visitor is identified.
 */
export const pageViewLogs: fc.Arbitrary<LoggedEvent[]> = fc
  .array(step, { minLength: 100, maxLength: 500, size: "max" })
  .map((steps) => {
    const totals = new Map<string, number>();
    const seqs = new Map<string, number>();
    let time = BEGIN;
    const sent = steps.map(({ session, tab, view, kind, growth, after, ...arrival }, place) => {
      time += after;
      const view_id = `view-${view}`;
      const [tab_id, session_id] = [`tab-${tab}`, `session-${session}`];
      const context: View = { view_id, started_at: BEGIN + view, url: "u", path: `/${view % 7}` };
      const counter = `${session_id} ${tab_id}`;
      const seq = seqs.get(counter) ?? 0;
      seqs.set(counter, seq + 1);
      const key = `${counter} ${view_id} ${kind}`;
      const total = (totals.get(key) ?? 0) + growth;
      totals.set(key, total);
      const common = {
        ...{ session_id, tab_id, seq, time, view_id, view: context, anonymous_id: `browser-${session}` },
        ...(place > steps.length / 2 && { user_id: "ann" }),
      };
      return { event: eventOf(kind, common, total, growth), place: place + arrival.delay, isLost: arrival.isLost };
    });
    return sent
      .filter(({ isLost }) => !isLost)
      .sort((one, other) => one.place - other.place)
      .map(({ event }) => event);
  });

const eventOf = (kind: string, common: object, total: number, growth: number): LoggedEvent => {
  const fields =
    kind === "dwell"
      ? {
          ...{ visible_ms: 3 * total, focused_ms: 2 * total, active_ms: total, engaged_ms: total },
          ...{ engaged_delta_ms: growth, idle_after_ms: 5_000, rule_version: 1 },
        }
      : kind === "scroll"
        ? {
            ...{ scroll_depth_percentage: total % 101, scroll_depth_px: total, scroll_depth_delta_px: growth },
            ...{ scroll_percentage: 50, reversals: total % 9, depth_reached_ms: total },
            ...{ viewport_height: 900, content_height: 9_000 },
          }
        : { cause: "load" };
  return { ...common, ...fields, type: kind } as unknown as LoggedEvent;
};
