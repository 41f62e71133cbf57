import { useSyncExternalStore } from "react";
import type { Tracker } from "../tracker/tracker.ts";
import { createLiveVector, type LiveFeatures, type LiveVector, NOTHING_READ } from "./live-features.ts";
import { useTracker } from "./use-tracker.ts";

/** One vector a tracker, however many components read it. */
const vectors = new WeakMap<Tracker, LiveVector>();

const vectorOf = (tracker: Tracker): LiveVector => {
  const vector = vectors.get(tracker) ?? createLiveVector(tracker);
  vectors.set(tracker, vector);
  return vector;
};

/**
 * The visitor's live features: the vector of the session as the collector has it, read again whenever the collector has answered the
 * page's events, every ten seconds while nothing happens, and not while the page is hidden. All components share one read.
 *
 * @returns `{}` before the first answer and on a server. When a read fails, `error` says why, beside the features known before.
 */
export const useFeatures = (): LiveFeatures => {
  const { subscribe, latest } = vectorOf(useTracker());
  return useSyncExternalStore(subscribe, latest, () => NOTHING_READ);
};
