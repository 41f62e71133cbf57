import type { Event, EventType, FieldsOf } from "@tidemark/schema";
import { byteLength } from "../delivery/bytes.ts";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import { toJson } from "../json.ts";
import type { CapturedEvent, TrackerOptions } from "../options/tracker-options.ts";
import { JSON } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { fitSiteFields } from "./site-fields.ts";
import type { HeldEvent, TrackerState } from "./state.ts";
import type { Views } from "./views.ts";

/** Captures an event. */
export type Capture = <T extends EventType>(type: T, fields: FieldsOf<T>) => void;

/** The maximum number of events held until the visitor answers. Later events are dropped without a
 * report, because they have no number. */
const MAX_HELD = 500;

/** Numbers an event and queues it for delivery, or holds it until the visitor answers. */
const record = (state: TrackerState, entry: HeldEvent, emit: Emit) => {
  const { connection, held, visitor, traffic } = state;
  if (held) {
    if (held.length < MAX_HELD) held.push(entry);
  } else if (connection && visitor) {
    const { tab_id, seq } = connection.nextNumber(visitor.session_id);
    const event = { ...entry.event, seq } as Event;
    connection.deliver(event, entry.view, { ...visitor, tab_id, traffic, consent: state.statedConsent }, entry.bytes);
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
 * Creates the function that captures events. It continues the session, adds the time and the page view, and passes each
 * event through `beforeSend`. Without consent, and in a stopped tracker, it captures nothing.
 *
 * It makes an event that the site's code passes or changes fit the contract. An event that has no JSON is dropped with a
 * warning before it has a number, because it could never be sent.
 */
export const createCapture = (
  state: TrackerState,
  views: Views,
  emit: Emit,
  beforeSend: TrackerOptions["beforeSend"],
): Capture =>
  guard((type: EventType, fields: object) => {
    if (state.isStopped || !(state.connection || state.held)) return;
    views.continueSession();
    const view = views.current;
    let event = fitSiteFields({ type, time: now(), view_id: view.view_id, ...fields } as CapturedEvent);
    if (beforeSend) event &&= fitSiteFields(beforeSend(event));
    if (!event) return;
    const json = toJson(event);
    record(state, { event: JSON.parse(json), view, bytes: byteLength(json) }, emit);
  }) as Capture;
