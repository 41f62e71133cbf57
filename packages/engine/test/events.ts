import fc from "fast-check";
import type { LoggedEvent } from "../src/logged-event.ts";

const target = { tag: "a", path: "a" };

interface EventsOptions {
  /** Latest time of an event, in milliseconds. */
  until: number;
  /** Largest number of events. */
  maxLength?: number;
}

/**
 * Generates events of two sessions with two browsers, an identified user in some of them, two tabs and three pages. Both
 * tabs use the same ids of page views. Each (session, tab, seq) occurs once. Times are in any order.
 */
export const eventsUntil = ({ until, maxLength = 60 }: EventsOptions): fc.Arbitrary<LoggedEvent[]> =>
  fc
    .uniqueArray(
      fc.record({
        session: fc.constantFrom("s1", "s2"),
        known: fc.boolean(),
        tab: fc.constantFrom("tab-a", "tab-b"),
        seq: fc.nat(1_000),
        time: fc.nat(until),
        page: fc.nat(2),
        kind: fc.constantFrom("click", "hover", "custom", "page_view", "dwell"),
        value: fc.nat(900),
      }),
      { maxLength, selector: ({ session, tab, seq }) => `${session} ${tab} ${seq}` },
    )
    .map((all) =>
      all.map(({ session, known, tab, seq, time, page, kind, value }): LoggedEvent => {
        const view_id = `${session}-view-${page}`;
        const common = {
          session_id: session,
          anonymous_id: `visitor of ${session}`,
          ...(known ? { user_id: "ann" } : {}),
          tab_id: tab,
          seq,
          time,
          view_id,
          view: { view_id, started_at: 0, url: "u", path: `/${page}` },
          view_time_ms: time,
        };
        if (kind === "click") {
          return {
            ...common,
            type: "click",
            target,
            x: 0,
            y: 0,
            page_x: 0,
            page_y: 0,
            button: value % 3,
            pointer_type: "mouse",
          };
        }
        if (kind === "hover") {
          const place = { target, x: 1, y: 1, pointer_type: "mouse" } as const;
          return { ...common, ...place, type: "hover", element_hover_duration: value, clicked: value % 2 === 0 };
        }
        if (kind === "dwell") {
          const totals = { visible_ms: value, focused_ms: value, active_ms: value, engaged_ms: value };
          return { ...common, ...totals, type: "dwell", engaged_delta_ms: 1, idle_after_ms: 5_000, rule_version: 1 };
        }
        return kind === "custom"
          ? { ...common, type: "custom", name: "x", properties: { price: value / 100, sku: `sku-${value % 4}` } }
          : { ...common, type: "page_view", cause: "load" };
      }),
    );
