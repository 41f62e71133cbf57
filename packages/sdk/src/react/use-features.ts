import { useSyncExternalStore } from "react";
import { WeakMap } from "../platform.ts";
import type { Tracker, Vector } from "../tracker/tracker.ts";
import {
  createFollowedVector,
  createLiveVector,
  type LiveFeatures,
  type LiveVector,
  NOTHING_READ,
} from "./live-features.ts";
import { useTracker } from "./use-tracker.ts";

/** Returns the vector of each tracker, shared by all components that read it. */
const shared = (create: (tracker: Tracker) => LiveVector) => {
  const vectors = new WeakMap<Tracker, LiveVector>();
  return (tracker: Tracker): LiveVector => {
    const vector = vectors.get(tracker) ?? create(tracker);
    vectors.set(tracker, vector);
    return vector;
  };
};

const readVectorOf = /* @__PURE__ */ shared(createLiveVector);
const followedVectorOf = /* @__PURE__ */ shared(createFollowedVector);

/**
 * Returns the visitor's live features: the vector of the session, read from the collector.
 *
 * It is read again after each response of the collector to the page's events, and otherwise every ten seconds, but not while the page
 * is hidden. All components share one read.
 *
 * @param options `live`: whether the collector sends the features after each change instead. The tracker needs the option
 *   `follow` for it. Default: false.
 * @typeParam Features The session's vector. Default: any features.
 * @returns `{}` before the first read and on a server. After a failed read, `error` is set and `features` keeps its last value.
 */
export const useFeatures = <Features extends object = Vector>({ live = false } = {}): LiveFeatures<Features> => {
  const { subscribe, latest } = (live ? followedVectorOf : readVectorOf)(useTracker());
  return useSyncExternalStore(subscribe, latest, () => NOTHING_READ) as LiveFeatures<Features>;
};
