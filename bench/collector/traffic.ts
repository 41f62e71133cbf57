import type { Batch, View } from "@tidemark/schema";
import config from "../../tidemark.config.ts";
import { LONGEST_PAUSE_MS, visitor } from "./visitor.ts";

/** The size of generated traffic. */
export interface Traffic {
  /** Events in a batch. */
  events: number;
  /** Total number of batches. */
  batches: number;
  /** Visitors, each with one session in one tab. Their batches alternate. */
  sessions: number;
}

/** The site that receives the traffic. */
export const site = (() => {
  const [first] = config.sites;
  if (!first) throw new Error("tidemark.config.ts: sites: expected at least one site");
  return first;
})();

let visitors = 0;

/**
 * Generates the batches of a visitor's only tab, with so many events each.
 *
 * @param sentAt The time at which an SDK sends them all from its spool. Default: each at the time of its last event.
 */
export function* tab(events: number, start: number, sentAt?: number): Generator<Batch, never> {
  visitors += 1;
  const visitorEvents = visitor(visitors, start);
  const id = () => crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const sender = {
    v: 1 as const,
    key: site.key,
    session_id: `${site.id}.${id()}`,
    session_secret: crypto.randomUUID(),
    anonymous_id: id(),
    tab_id: id(),
    sdk: "@tidemark/sdk/0.1.0",
  };
  for (;;) {
    const next = Array.from({ length: events }, () => visitorEvents.next().value);
    const views = new Map<string, View>(next.map(({ view }) => [view.view_id, view]));
    const sent_at = sentAt ?? next.at(-1)?.event.time ?? start;
    yield { ...sender, sent_at, views: [...views.values()], events: next.map(({ event }) => event) };
  }
}

/**
 * Creates distinct request bodies. The visitors of a site alternate, and each tab numbers its events. The bodies are
 * created before the measurement, so the times of their events are in the past.
 */
export const makeTraffic = ({ events, batches, sessions }: Traffic): Buffer[] => {
  const sentAt = Date.now();
  const start = sentAt - Math.ceil(batches / sessions) * events * LONGEST_PAUSE_MS;
  const tabs = Array.from({ length: sessions }, () => tab(events, start, sentAt));
  return Array.from({ length: batches }, (_, index) =>
    Buffer.from(JSON.stringify(tabs[index % sessions]?.next().value)),
  );
};
