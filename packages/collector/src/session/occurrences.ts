import type { Occurrence } from "@tidemark/engine";
import type { Envelope, Event } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { SessionBatch } from "./batch.ts";
import { type ClientClock, correct } from "./tab/clock-skew.ts";
import { viewsById } from "./views.ts";

/** An event's occurrence in a browser that is known. */
export type VisitorOccurrence = Occurrence & { anonymous_id: string };

/** Tells of the events of one batch, in the order of their numbers, when, where and to whom each happened. */
export const occurrencesIn = (
  { session_id, user_id, consent, tab_id, views }: Envelope,
  { anonymous_id }: Pick<SessionBatch, "anonymous_id">,
  clock: ClientClock,
): ((event: Event) => VisitorOccurrence) => {
  const user = isPersonal(consent) ? user_id : undefined;
  const viewOf = viewsById(views);
  return (event) => {
    const { seq, time } = event;
    const view = event.view_id === undefined ? undefined : viewOf(event.view_id);
    // Of one shape for events of every type, which are left as they are: it is read often.
    return {
      time: correct(clock, seq, time),
      tab_id,
      seq,
      // One text for all events of the view: what is the same is quickly compared.
      view_id: view?.view_id,
      view,
      view_time_ms: view && Math.max(0, time - view.started_at),
      session_id,
      anonymous_id,
      user_id: event.type === "identify" ? event.user_id : user,
      consent,
    };
  };
};
