import type { Consent } from "@tidemark/schema";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import { type ConsentAnswer, purposesOf } from "../options/consent.ts";
import { Object } from "../platform.ts";
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
      Object.assign(purposes, purposesOf(answer));
      // Batches carry the answer: the collector receives it once measurement is granted.
      state.statedConsent = { ...purposes } as Consent;
    }
    if (purposes.measurement === "denied") {
      disconnect(state, true);
      forget();
    } else if (!state.isStopped) {
      if (purposes.measurement === "granted") {
        state.connection ??= connect();
        // Events that are held after a refusal or a logout must not carry the ids from before it.
        const visitor = state.connection.visitorAt(now());
        if (state.held || !state.visitor) state.visitor = visitor;
        releaseHeld(state, emit);
        sendIdentify(state, capture);
      } else state.held ??= [];
    }
  });
