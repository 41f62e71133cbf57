import type { Reaction } from "../events/reaction.ts";
import { Map } from "../platform.ts";
import { now } from "../sensors/clock.ts";
import { share } from "../sensors/listen.ts";
import { createTimer } from "../sensors/timer.ts";
import type { Tracker } from "../tracker/tracker.ts";

/** The latest reactions of a tracker, by name: a store for React's `useSyncExternalStore`. */
export interface LatestReactions {
  /** Adds a listener for a component that reads a name. Returns a function that removes it. */
  subscribe(name: string, listener: () => void): () => void;
  /** The latest reaction with this name, unless it is over. */
  latest(name: string): Reaction | undefined;
}

/**
 * Creates the latest reactions of a tracker. They arrive while any component reads a reaction. A component that is mounted
 * later gets those that have not expired. A mounted component keeps the reaction that it shows.
 */
export const createLatestReactions = (tracker: Tracker): LatestReactions => {
  const reactions = new Map<string, { reaction: Reaction; until: number }>();
  /** Number of mounted components, by the name that they read. */
  const readers = new Map<string, number>();
  let stopEnds: (() => void) | undefined;

  const dropExpired = (name: string) => {
    const { until = 0 } = reactions.get(name) ?? {};
    if (!readers.get(name) && until <= now()) reactions.delete(name);
  };
  const onChange = share<void>((emit) => {
    // Without components it still removes the reactions of a visitor who leaves.
    stopEnds?.();
    stopEnds = tracker.on("reaction_end", ({ id, name }) => {
      if (reactions.get(name)?.reaction.id === id) reactions.delete(name);
      emit();
    });
    return tracker.on("reaction", (reaction) => {
      const { name, expiresInMs } = reaction;
      reactions.set(name, { reaction, until: now() + expiresInMs });
      createTimer(() => dropExpired(name)).start(expiresInMs);
      emit();
    });
  });

  return {
    subscribe(name, listener) {
      readers.set(name, (readers.get(name) ?? 0) + 1);
      const stop = onChange(listener);
      return () => {
        stop();
        readers.set(name, (readers.get(name) ?? 1) - 1);
        dropExpired(name);
      };
    },
    latest: (name) => reactions.get(name)?.reaction,
  };
};
