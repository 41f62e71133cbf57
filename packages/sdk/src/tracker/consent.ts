import type { Consent } from "@tidemark/schema";
import type { Emit } from "../events/tracker-events.ts";
import { guard } from "../guard.ts";
import type { ConsentAnswer } from "../options/consent.ts";
import { now } from "../sensors/clock.ts";
import { type Capture, releaseHeld } from "./capture.ts";
import { sendIdentify } from "./identify.ts";
import { type Connection, disconnect, type Session } from "./session.ts";

/**
 * Creates the function that takes a visitor's answers in. Measurement `granted` connects the session and sends what was held;
 * `denied` disconnects it and forgets all; `pending`, or an answer that is not understood, holds events.
 *
 * @param forget Deletes all that is kept of the visitor outside of the session.
 */
export const createConsent = (
  session: Session,
  connect: () => Connection,
  forget: () => void,
  capture: Capture,
  emit: Emit,
): ((answer?: ConsentAnswer) => void) =>
  guard((answer?: ConsentAnswer) => {
    const { purposes } = session;
    if (session.isStopped) return;
    if (answer) {
      Object.assign(purposes, typeof answer === "string" ? { measurement: answer, personalisation: answer } : answer);
      // It goes with events, and so after a yes to being measured.
      session.stated = { ...purposes } as Consent;
    }
    if (purposes.measurement === "granted") {
      if (!session.connection) {
        session.connection = connect();
        session.visitor ??= session.connection.visitorAt(now());
      }
      releaseHeld(session, emit);
      sendIdentify(session, capture);
    } else if (purposes.measurement === "denied") {
      disconnect(session, true);
      session.connection = undefined;
      forget();
    } else session.held ??= [];
  });
