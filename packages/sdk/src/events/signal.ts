import type { EventOf, EventType, FieldsOf, SignalName, View } from "@tidemark/schema";
import type { Stop } from "../sensors/listen.ts";
import type { Listen } from "./tracker-events.ts";

/** A measurement of one behaviour. The call starts it and returns a function that stops it and removes all its listeners. */
export type Signal = (context: SignalContext) => Stop;

/** The cause of a page view. */
export type ViewCause = EventOf<"page_view">["cause"];

/** The fields that a signal may add to a page view, in addition to its id, start and URL. */
export type ViewFields = Omit<View, "view_id" | "started_at" | "url" | "signals">;

/** The part of the tracker that a signal uses: it captures events and listens to the tracker's own. It has no access to delivery. */
export interface SignalContext {
  /** Captures an event. The tracker adds its number, its page view and, unless `time` is given, the current time. */
  capture<T extends EventType>(type: T, fields: FieldsOf<T> & { time?: number }): void;
  /** Begins a page view and captures its `page_view` event. The signal may add fields to the returned view later. */
  beginView(cause: ViewCause, fields: ViewFields): View;
  /**
   * Continues the session, because the visitor does something. If the session has ended, this begins another one with
   * its page view, and totals start from zero. A signal that measures times and totals calls it before it adds to them,
   * and before it captures them at any other time than a `report`.
   */
  continueSession(): void;
  /**
   * States that a signal or enrichment measures from now on. The page views list its name. So a feature that has no
   * events is 0 where its signal runs, and `null` elsewhere. `undefined`: a function of the site, which has no name.
   */
  runs(...names: (SignalName | undefined)[]): void;
  /** Ends the session and starts another one of the same visitor. */
  newSession(): void;
  /** Adds a listener for the tracker's own events, such as `view` and `report`. */
  on: Listen;
}
