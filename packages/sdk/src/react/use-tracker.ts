import { createContext, useContext } from "react";
import type { Tracker, Vector } from "../tracker/tracker.ts";
import type { Properties, UntypedEvents } from "../tracker/typed-events.ts";
import { createMountedTracker } from "./mounted-tracker.ts";

/** The context of the nearest provider's tracker. Default: a tracker that is never mounted. */
export const TrackerContext = createContext<Tracker>(createMountedTracker().tracker);

/**
 * Returns the tracker of the nearest {@link TidemarkProvider}, the same object in every render. It measures from the first effect on:
 * call it in effects and event handlers.
 */
export const useTracker = <
  Events extends object = UntypedEvents,
  Traits extends object = Properties,
  Features extends object = Vector,
>(): Tracker<Events, Traits, Features> => useContext(TrackerContext) as unknown as Tracker<Events, Traits, Features>;
