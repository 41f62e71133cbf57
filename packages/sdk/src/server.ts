import { createTracker as start } from "./tracker/create-tracker.ts";
import type { Tracker } from "./tracker/tracker.ts";

/**
 * The package for wherever there may be no page: servers, prerendering, workers, tests, native apps. All is as in `index.ts`,
 * but its `createTracker` looks for a document first. Builds for browsers take `index.ts`, which need not look: the conditions
 * of the package's exports tell them apart. Those of edge servers come first, because their bundlers name `browser` as well.
 */
export * from "./index.ts";

const nothing = () => {};

/** Measures nothing, keeps nothing and sends nothing; knows of the visitor nothing. */
const inert = {
  sessionId: "",
  track: nothing,
  identify: nothing,
  reset: nothing,
  consent: nothing,
  page: nothing,
  flush: async () => {},
  features: async () => ({}),
  on: () => nothing,
  stop: nothing,
} satisfies Tracker;

/** Starts measuring the page that it is called on; where there is none, the tracker does nothing. */
export const createTracker: typeof start = (options) => (globalThis.document ? start(options) : inert);
