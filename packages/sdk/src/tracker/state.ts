import type { Consent, Traffic, View } from "@tidemark/schema";
import type { Delivery } from "../delivery/delivery.ts";
import { runEach } from "../guard.ts";
import type { TabNumbers } from "../identity/tab.ts";
import type { Identity, Visitor } from "../identity/visitor.ts";
import type { Purposes } from "../options/consent.ts";
import type { CapturedEvent } from "../options/tracker-options.ts";
import { Error } from "../platform.ts";
import type { PropertyFields } from "./json-copy.ts";

/** The parts of a tracker that store and send: identity, event numbers and delivery. */
export interface Connection extends Identity, TabNumbers, Delivery {}

/** A captured event, with its page view, that is held until the visitor answers. */
export interface HeldEvent {
  event: CapturedEvent;
  view: View;
  /** The size of the event, in bytes of JSON. */
  bytes: number;
}

/** The state of a tracker, shared by consent, identity and capture. */
export interface TrackerState {
  /** Whether the tracker was stopped, or never started because its key or endpoint is invalid. */
  isStopped: boolean;
  /** The current consent for each purpose. */
  purposes: Purposes;
  /** The visitor's latest answer, as batches carry it: a new object for each answer, `undefined` before the first. */
  statedConsent?: Consent | undefined;
  traffic: Traffic | undefined;
  /** The connection, present while measurement is allowed. */
  connection?: Connection | undefined;
  /** The events captured while the answer is pending; `undefined` while events are not held. */
  held?: HeldEvent[] | undefined;
  /** The visitor at the latest event. */
  visitor?: Visitor | undefined;
  /** The user that the page has named, the token for the user, and the traits. */
  user?: { user_id: string; user_token: string | undefined; traits: PropertyFields } | undefined;
}

/** The connection of a tracker. @throws Error while measurement is not granted. */
export const requireConnection = ({ connection, held }: TrackerState): Connection => {
  if (!connection || held) throw new Error("no consent to measure");
  return connection;
};

/**
 * Stops numbering and sending. The remaining events are sent or, if it `forgets`, dropped. Then no event can be captured, whatever
 * fails.
 */
export const disconnect = (state: TrackerState, forgets: boolean): void => {
  const { connection } = state;
  state.held = undefined;
  if (forgets) state.connection = undefined;
  if (connection) runEach(connection.leave, () => connection.stop(forgets));
};
