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
 * If measurement is `granted`, it connects the tracker and sends the held events. If it is `denied`, it disconnects even a stopped
 * tracker, and deletes all data about the visitor. If it is `pending`, or an unknown value, it holds events.
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
    if (answer) {
      Object.assign(purposes, typeof answer === "string" ? { measurement: answer, personalisation: answer } : answer);
      // Batches carry the answer: the collector receives it once measurement is granted.
      state.statedConsent = { ...purposes } as Consent;
    }
    if (purposes.measurement === "denied") {
      disconnect(state, true);
      forget();
    } else if (!state.isStopped) {
      if (purposes.measurement === "granted") {
        if (!state.connection) {
          state.connection = connect();
          // Events that are held after a refusal must not carry the ids from before it.
          if (state.held || !state.visitor) state.visitor = state.connection.visitorAt(now());
        }
        releaseHeld(state, emit);
        sendIdentify(state, capture);
      } else state.held ??= [];
    }
  });
