import type { Batch, View } from "@tidemark/schema";
import config from "../../tidemark.config.ts";
import { LONGEST_PAUSE_MS, visitor } from "./visitor.ts";

/** What is sent. */
export interface Traffic {
  /** Events in a batch. */
  events: number;
  /** Batches in all. */
  batches: number;
  /** Visitors, each with one session in one tab: a batch of the first, of the second, and so on, and again. */
  sessions: number;
}

/** The site for which the traffic is meant. */
export const site = (() => {
  const [first] = config.sites;
  if (!first) throw new Error("tidemark.config.ts: sites: expected at least one site");
  return first;
})();

let visitors = 0;

/** The batches of one visitor's only tab, as an SDK that kept them in its spool sends them at `sentAt`. */
function* tab(events: number, begin: number, sentAt: number): Generator<Batch, never> {
  visitors += 1;
  const visitorEvents = visitor(visitors, begin);
  const id = () => crypto.randomUUID().replaceAll("-", "").slice(0, 16);
  const sender = {
    v: 1 as const,
    key: site.key,
    sent_at: sentAt,
    session_id: `${site.id}.${id()}`,
    anonymous_id: id(),
    tab_id: id(),
    sdk: "@tidemark/sdk/0.1.0",
  };
  for (;;) {
    const next = Array.from({ length: events }, () => visitorEvents.next().value);
    const views = new Map<string, View>(next.map(({ view }) => [view.view_id, view]));
    yield { ...sender, views: [...views.values()], events: next.map(({ event }) => event) };
  }
}

/**
 * Bodies of requests, each unlike any other: the visitors of a site in turn, each tab numbering its events. They are made
 * before anything is measured, so the visits lie in the past, with the times between their events as they were.
 */
export const makeTraffic = ({ events, batches, sessions }: Traffic): Buffer[] => {
  const sentAt = Date.now();
  const begin = sentAt - Math.ceil(batches / sessions) * events * LONGEST_PAUSE_MS;
  const tabs = Array.from({ length: sessions }, () => tab(events, begin, sentAt));
  return Array.from({ length: batches }, (_, index) =>
    Buffer.from(JSON.stringify(tabs[index % sessions]?.next().value)),
  );
};
