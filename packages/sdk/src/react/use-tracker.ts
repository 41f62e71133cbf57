import { createContext, useContext } from "react";
import type { Tracker } from "../tracker/tracker.ts";
import type { Properties, UntypedEvents } from "../tracker/typed-events.ts";
import { createMountedTracker } from "./mounted-tracker.ts";

/** The tracker of the nearest provider; without one, a tracker that is never mounted. */
export const TrackerContext = createContext<Tracker>(createMountedTracker().tracker);

/**
 * The tracker of the nearest {@link TidemarkProvider}, the same object in every render. It is there while rendering, and measures
 * from the first effect on: call it in effects and event handlers.
 */
export const useTracker = <Events extends object = UntypedEvents, Traits extends object = Properties>(): Tracker<
  Events,
  Traits
> => useContext(TrackerContext) as unknown as Tracker<Events, Traits>;
