import { createContext, useContext } from "react";
import type { Tracker } from "../tracker.ts";
import { createMountedTracker } from "./mounted-tracker.ts";

/** The tracker of the nearest provider; without one, a tracker that is never mounted. */
export const TrackerContext = createContext<Tracker>(createMountedTracker()[0]);

/**
 * The tracker of the nearest {@link TidemarkProvider}, the same object in every render. It is there while rendering, and measures
 * from the first effect on: call it in effects and event handlers.
 */
export const useTracker = (): Tracker => useContext(TrackerContext);
