import type { Batch, Dropped, Event, View } from "@tidemark/schema";

/** Who and where the events of a parcel have in common. */
export type Sender = Pick<Batch, "session_id" | "anonymous_id" | "user_id" | "tab_id">;

/** Events of one tab in one session with all that a later page needs to send them: a batch without key and time of sending. */
export type Parcel = Omit<Batch, "key" | "sent_at" | "events"> & { events: Event[] };

/** A parcel of this sender with no events yet. */
export const newParcel = (sender: Sender): Parcel => ({
  v: 1,
  sdk: "js/0.1.0",
  ...sender,
  views: [],
  events: [],
});

/** Puts an event into the parcel, and its view beside it if it is not there yet. */
export const pack = (parcel: Parcel, event: Event, view: View): void => {
  parcel.events.push(event);
  if (!parcel.views.includes(view)) parcel.views.push(view);
};

/** The numbers of a parcel's events, which follow each other. */
export const rangeOf = ({ events }: Parcel): Omit<Dropped, "reason"> => {
  const [{ seq = 0 } = {}] = events;
  return { from_seq: seq, to_seq: seq + events.length - 1 };
};
