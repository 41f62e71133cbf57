import type { Batch, Dropped, Event, View } from "@tidemark/schema";

/** Who and where the events of a parcel have in common. */
export type Sender = Pick<Batch, "session_id" | "anonymous_id" | "user_id" | "tab_id" | "consent">;

/**
 * Events of one tab in one session, numbered without a gap, with all that a later page needs to send them: a batch without key
 * and time of sending.
 */
export type Parcel = Omit<Batch, "key" | "sent_at" | "events"> & { events: [Event, ...Event[]] };

/** A parcel of this sender with its first event, and what the tab has lost before. */
export const newParcel = (sender: Sender, event: Event, view: View, dropped: Dropped[]): Parcel => ({
  ...sender,
  v: 1,
  sdk: "js/0.1.0",
  dropped,
  views: [view],
  events: [event],
});

/** Puts an event into the parcel, and its view beside it if it is not there yet. */
export const pack = ({ events, views }: Parcel, event: Event, view: View): void => {
  events.push(event);
  if (!views.includes(view)) views.push(view);
};
