import type { Event, View } from "@tidemark/schema";
import type { BatchOrigin } from "../../src/events/queued-batch.ts";

/** Creates an event with that sequence number. */
export const eventOf = (seq: number, time = 0): Event => ({ type: "custom", name: `event ${seq}`, seq, time });

/** Creates a page view with that id and URL. */
export const viewOf = (view_id: string, url = "https://shop.example/"): View => ({ view_id, started_at: 0, url });

/** Creates an origin in that tab. */
export const originOf = (tab_id: string, more: Partial<BatchOrigin> = {}): BatchOrigin => ({
  session_id: "shop.session1",
  anonymous_id: "visitor1",
  tab_id,
  ...more,
});
