import { useCallback, useSyncExternalStore } from "react";
import type { Reaction } from "../events/reaction.ts";
import { WeakMap } from "../platform.ts";
import type { Tracker } from "../tracker/tracker.ts";
import { createLatestReactions, type LatestReactions } from "./latest-reactions.ts";
import { useTracker } from "./use-tracker.ts";

/** The latest reactions of each tracker, shared by all components that read them. */
const shared = /* @__PURE__ */ new WeakMap<Tracker, LatestReactions>();

const latestOf = (tracker: Tracker): LatestReactions => {
  const reactions = shared.get(tracker) ?? createLatestReactions(tracker);
  shared.set(tracker, reactions);
  return reactions;
};

/**
 * Returns the site's latest reaction with this name to the visitor. The tracker needs the option `reactions`.
 *
 * Call `shown()` in an effect, and `dismissed()` or `acted()` in an event handler. After `dismissed()`, after a log-out and
 * after a refusal, the result is `undefined` again.
 *
 * @param name The name of the reaction in the collector's configuration.
 * @returns `undefined` before the first reaction with this name, and on a server.
 */
export const useReaction = (name: string): Reaction | undefined => {
  const { subscribe, latest } = latestOf(useTracker());
  return useSyncExternalStore(
    useCallback((listener: () => void) => subscribe(name, listener), [subscribe, name]),
    () => latest(name),
    () => undefined,
  );
};
