import type { EventOf, EventType, FieldsOf, View } from "@tidemark/schema";
import type { Stop } from "../sensors/listen.ts";
import type { Listen } from "./tracker-events.ts";

/** A behaviour that can be measured. It starts when called, and what it returns stops it and leaves no listener behind. */
export type Signal = (context: SignalContext) => Stop;

/** Why a page view began. */
export type ViewCause = EventOf<"page_view">["cause"];

/** What a signal may add to the context of a view, beside its identity and URL. */
export type ViewFields = Omit<View, "view_id" | "started_at" | "url">;

/** All that a signal knows of the tracker: it can report, and it hears of views. It knows nothing of delivery. */
export interface SignalContext {
  /** Reports an event; the tracker stamps it with its number, its view and, unless the signal knows better, the time. */
  capture<T extends EventType>(type: T, fields: FieldsOf<T> & { time?: number }): void;
  /** Begins a page view and reports it. What is learnt of it later may be written into what this returns. */
  beginView(cause: ViewCause, details: ViewFields): View;
  /** Ends the session: from here on events are of another one of the same visitor. */
  newSession(): void;
  /** Hears of views and of the wish for reports. */
  on: Listen;
}
