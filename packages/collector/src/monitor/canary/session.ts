import type { Batch } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import type { Site } from "../../config.ts";

/** A session of the canary: its batch, and the origin of its page. */
export interface CanarySession {
  id: string;
  origin: string;
  batch: Batch & { session_secret: string };
}

/** Path of the canary's page. */
const PATH = "/tidemark-canary";

/** An origin that one of the site matches: each `*` stands for a label of the host, or for the port. */
const originFor = ({ origins: [origin = ""] }: Pick<Site, "origins">): string =>
  origin.replace(/:\*$/, ":8080").replaceAll("*", "canary");

/**
 * Creates a session for a site: a page view and a custom event, with consent, as a tracker sends them. Its traffic is `test`,
 * and its page and its browser are always the same, so that it adds a single page and a single user.
 */
export const createCanarySession = (site: Site, now: number): CanarySession => {
  const { id, key } = site;
  const origin = originFor(site);
  const [session_id, view_id] = [`${id}.${crypto.randomUUID()}`, crypto.randomUUID()];
  const time = now - 1_000;
  return {
    id: session_id,
    origin,
    batch: {
      ...{ v: CONTRACT_VERSION, key, sent_at: now, session_id, session_secret: crypto.randomUUID() },
      ...{ anonymous_id: "tidemark-canary", tab_id: view_id, sdk: "tidemark-canary/1", traffic: "test" },
      consent: { measurement: "granted", personalisation: "granted" },
      views: [{ view_id, started_at: time, url: `${origin}${PATH}`, path: PATH }],
      events: [
        { type: "page_view", seq: 0, time, view_id, cause: "load" },
        { type: "custom", seq: 1, time, view_id, name: "tidemark_canary" },
      ],
    },
  };
};
