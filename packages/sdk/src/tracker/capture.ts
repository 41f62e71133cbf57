import type { Event, EventType, FieldsOf } from "@tidemark/schema";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import type { CapturedEvent, TrackerOptions } from "../options/tracker-options.ts";
import { now } from "../sensors/clock.ts";
import type { JsonCopy } from "./json-copy.ts";
import type { HeldEvent, TrackerState } from "./state.ts";
import type { Views } from "./views.ts";

/** Captures an event. `copy`: the JSON that the caller adds to the event's fields. */
export type Capture = <T extends EventType>(type: T, fields: FieldsOf<T>, copy?: JsonCopy) => void;

/** The maximum number of events held until the visitor answers. Later events are dropped without a
 * report, because they have no number. */
const MAX_HELD = 500;

/** Numbers an event and queues it for delivery, or holds it until the visitor answers. */
const record = (state: TrackerState, entry: HeldEvent, emit: Emit) => {
  const { connection, held, visitor } = state;
  if (held) {
    if (held.length < MAX_HELD) held.push(entry);
  } else if (connection && visitor) {
    const { tab_id, seq } = connection.nextNumber(visitor.session_id);
    const event = { ...entry.event, seq } as Event;
    connection.deliver(event, entry.view, { ...visitor, tab_id, consent: state.statedConsent }, entry.propertyBytes);
    emit("event", { ...event, tab_id });
  }
};

/** Queues the held events for delivery and stops holding events. Called when measurement is granted. */
export const releaseHeld = (state: TrackerState, emit: Emit): void => {
  const { held = [] } = state;
  state.held = undefined;
  for (const entry of held) record(state, entry, emit);
};

/**
 * Creates the function that captures events. It adds the time and the page view, and passes each event through
 * `beforeSend`. Without consent, and in a stopped tracker, it captures nothing.
 */
export const createCapture = (
  state: TrackerState,
  views: Views,
  emit: Emit,
  beforeSend: TrackerOptions["beforeSend"] = (event) => event,
): Capture =>
  guard((type: EventType, fields: object, { added, propertyBytes = 0 }: JsonCopy = {}) => {
    const time = now();
    const { connection, held, visitor } = state;
    if (state.isStopped || !(connection || held)) return;
    if (connection && !held) {
      state.visitor = connection.visitorAt(time);
      if (visitor?.session_id !== state.visitor.session_id) views.renew();
    }
    const view = views.current;
    const event = beforeSend({ type, time, view_id: view.view_id, ...fields, ...added } as CapturedEvent);
    if (event) record(state, { event, view, propertyBytes }, emit);
  }) as Capture;
