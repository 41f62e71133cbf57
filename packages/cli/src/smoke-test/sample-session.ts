import { randomUUID } from "node:crypto";
import type { Site } from "@tidemark/collector/config";
import type { Batch, Event } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";

/** A session with one page view, as a tracker sends it, and the ids of its vectors. */
export interface SampleSession {
  batch: Batch;
  /** Ids by entity. */
  ids: Record<"session" | "user" | "page", string>;
}

/** Creates a session for a site: a page view, a click and a custom event, with the visitor's consent. */
export const createSampleSession = ({ id, key }: Site): SampleSession => {
  const now = Date.now();
  const [view_id, anonymous_id, tab_id, session_id] = [
    randomUUID(),
    randomUUID(),
    randomUUID(),
    `${id}.${randomUUID()}`,
  ];
  const path = `/tidemark-test/${view_id}`;
  const target = { tag: "button", id: "buy", path: "#buy" };
  const at = { x: 10, y: 10, page_x: 10, page_y: 10 };
  const events: Event[] = [
    { type: "page_view", seq: 0, time: now - 3_000, view_id, cause: "load" },
    { type: "click", seq: 1, time: now - 2_000, view_id, target, ...at, button: 0, pointer_type: "mouse" },
    { type: "custom", seq: 2, time: now - 1_000, view_id, name: "tidemark_test", properties: { passed: true } },
  ];
  return {
    batch: {
      ...{ v: CONTRACT_VERSION, key, sent_at: now, session_id, anonymous_id, tab_id, sdk: "tidemark-test/1" },
      consent: { measurement: "granted", personalisation: "granted" },
      views: [{ view_id, started_at: now - 3_000, url: `https://site.example${path}`, path }],
      events,
    },
    ids: { session: session_id, user: anonymous_id, page: path },
  };
};
