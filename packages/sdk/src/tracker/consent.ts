import type { Consent } from "@tidemark/schema";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import type { ConsentAnswer } from "../options/consent.ts";
import { now } from "../sensors/clock.ts";
import { type Capture, releaseHeld } from "./capture.ts";
import { sendIdentify } from "./identify.ts";
import { type Connection, disconnect, type TrackerState } from "./state.ts";

/**
 * Creates the function that takes a visitor's answers in. Measurement `granted` connects the session and sends what was held;
 * `denied` disconnects it and forgets all; `pending`, or an answer that is not understood, holds events.
 *
 * @param forget Deletes all that is kept of the visitor outside of the session.
 */
export const createConsent = (
  state: TrackerState,
  connect: () => Connection,
  forget: () => void,
  capture: Capture,
  emit: Emit,
): ((answer?: ConsentAnswer) => void) =>
  guard((answer?: ConsentAnswer) => {
    const { purposes } = state;
    if (state.isStopped) return;
    if (answer) {
      Object.assign(purposes, typeof answer === "string" ? { measurement: answer, personalisation: answer } : answer);
      // It goes with events, and so after a yes to being measured.
      state.statedConsent = { ...purposes } as Consent;
    }
    if (purposes.measurement === "granted") {
      if (!state.connection) {
        state.connection = connect();
        state.visitor ??= state.connection.visitorAt(now());
      }
      releaseHeld(state, emit);
      sendIdentify(state, capture);
    } else if (purposes.measurement === "denied") {
      disconnect(state, true);
      state.connection = undefined;
      forget();
    } else state.held ??= [];
  });
