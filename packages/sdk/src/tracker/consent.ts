import type { Consent } from "@tidemark/schema";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import type { ConsentAnswer } from "../options/consent.ts";
import { now } from "../sensors/clock.ts";
import { type Capture, releaseHeld } from "./capture.ts";
import { sendIdentify } from "./identify.ts";
import { type Connection, disconnect, type TrackerState } from "./state.ts";

/**
 * Creates the function that applies a visitor's answer about consent.
 *
 * Measurement `granted` connects the tracker and sends the held events. `denied` disconnects it and deletes all data about the
 * visitor. `pending`, or an unknown value, holds events.
 *
 * @param forget Deletes the data about the visitor outside of the tracker's state.
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
      // Batches carry the answer: the collector receives it once measurement is granted.
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
