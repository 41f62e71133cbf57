import type { Reactions } from "../reactions/reactions.ts";
import { combineStops, type Stop } from "../sensors/listen.ts";
import type { LoadPart } from "./load.ts";
import { startLoaded } from "./signals.ts";

/** Creates reactions that begin when their part has loaded. Listeners for `reaction` wait until then. */
export const reactionsOf =
  (load: LoadPart): Reactions =>
  (state, key, url, on, stops, options, collector, tracker, ...others) => {
    tracker.on = (type, listener) =>
      type === "reaction" ? startLoaded(load, "reactions", () => tracker.on(type, listener)) : on(type, listener);
    stops.unshift(
      startLoaded(load, "reactions", (reactions) => {
        const own: Stop[] = [];
        reactions(state, key, url, on, own, options, collector, tracker, ...others);
        return combineStops(...own);
      }),
    );
  };
