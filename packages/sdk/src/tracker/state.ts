import type { Consent, View } from "@tidemark/schema";
import type { Delivery } from "../delivery/delivery.ts";
import type { TabNumbers } from "../identity/tab.ts";
import type { Identity, Visitor } from "../identity/visitor.ts";
import type { Purposes } from "../options/consent.ts";
import type { CapturedEvent } from "../options/tracker-options.ts";
import type { JsonCopy } from "./json-copy.ts";

/** All that stores and sends. */
export interface Connection extends Identity, TabNumbers, Delivery {}

/** An event with its view that waits for the visitor's consent. */
export interface HeldEvent {
  event: CapturedEvent;
  view: View;
  propertyBytes: number;
}

/** What a tracker knows of its visitor: the state that consent, identity and events share. */
export interface TrackerState {
  /** Whether nothing is sent any more, or ever was. */
  isStopped: boolean;
  /** What the visitor consents to. */
  purposes: Purposes;
  /** The visitor's latest answer as batches carry it: another object for each; `undefined` before the first. */
  statedConsent?: Consent | undefined;
  /** There while the visitor may be measured. */
  connection?: Connection | undefined;
  /** The events captured while there is no answer. */
  held?: HeldEvent[] | undefined;
  /** The visitor at the latest event. */
  visitor?: Visitor | undefined;
  /** The user that the page has named, with traits. */
  user?: { user_id: string; traits: JsonCopy } | undefined;
}

/** The connection of a session that is measured. @throws Error while there is no consent. */
export const requireConnection = ({ connection, held }: TrackerState): Connection => {
  if (!connection || held) throw new Error("no consent to measure");
  return connection;
};

/** Stops numbering and sending, once what is left is sent or, if it `forgets`, dropped. */
export const disconnect = (state: TrackerState, forgets: boolean): void => {
  state.connection?.leave();
  state.connection?.stop(forgets);
  state.held = undefined;
};
