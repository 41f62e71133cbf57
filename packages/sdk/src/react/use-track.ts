import type { Tracker } from "../tracker/tracker.ts";
import type { UntypedEvents } from "../tracker/typed-events.ts";
import { useTracker } from "./use-tracker.ts";

/**
 * Returns `track` of the nearest provider's tracker, the same function in every render: `const track = useTrack()`, then
 * `track("add_to_basket", { sku })` in an event handler or an effect.
 */
export const useTrack = <Events extends object = UntypedEvents>(): Tracker<Events>["track"] =>
  useTracker<Events>().track;
