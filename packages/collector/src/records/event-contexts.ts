import type { EventContext } from "@tidemark/engine";
import type { Envelope, Event } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { MAX_DURATION_MS } from "@tidemark/schema/limits";
import { createReferrerReader } from "./external-referrer.ts";
import { viewsById } from "./views.ts";

/** The envelope of a batch as sessions and records keep it. */
export type StoredEnvelope = Omit<
  Envelope,
  "session_secret" | "user_token" | "reactions_received" | "reactions_unknown" | "traceparent"
> & {
  /** Whether the site's server vouches for `user_id`. Absent unless the site requires it. */
  vouched?: boolean;
};

/** An event context whose browser is known. */
export type VisitorEventContext = EventContext & {
  anonymous_id: string;
  /** The user that the sender names without a valid token, if the site requires one. It belongs to no user. */
  claimed_user_id?: string | undefined;
};

/**
 * Returns a function that creates the context of each event of a batch: its corrected time, view and visitor. A session
 * folds an event with this context, and a reader of the log finds the same one.
 *
 * @param anonymous_id The browser's id, from the site's cookie or from the batch.
 */
export const eventContextsOf = (
  {
    session_id,
    user_id,
    consent,
    tab_id,
    traffic,
    views,
    vouched,
  }: Pick<StoredEnvelope, "session_id" | "user_id" | "consent" | "tab_id" | "traffic" | "views" | "vouched">,
  anonymous_id: string,
): ((event: Event, correctedTime: number) => VisitorEventContext) => {
  // A blank id, as an earlier SDK may send it, would make all its visitors one user.
  const user = isPersonal(consent) && user_id?.trim() ? user_id : undefined;
  const isClaim = (id: string | undefined) => vouched !== undefined && !(vouched && id === user_id);
  const viewOf = viewsById(views);
  const externalReferrerOf = createReferrerReader();
  return (event, correctedTime) => {
    const { seq, time } = event;
    const named = event.type === "identify" ? event.user_id : user;
    const isClaimed = isClaim(named);
    const view = event.view_id === undefined ? undefined : viewOf(event.view_id);
    // All events have contexts of one object shape, which makes reads of their fields fast.
    return {
      time: correctedTime,
      tab_id,
      seq,
      // One string object for all events of the page view, which makes comparisons fast.
      view_id: view?.view_id,
      view,
      view_time_ms: view && Math.min(MAX_DURATION_MS, Math.max(0, time - view.started_at)),
      external_referrer: externalReferrerOf(view),
      session_id,
      anonymous_id,
      user_id: isClaimed ? undefined : named,
      claimed_user_id: isClaimed ? named : undefined,
      traffic,
      consent,
    };
  };
};
