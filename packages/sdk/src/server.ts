import { createTracker as start } from "./tracker/create-tracker.ts";
import type { Tracker } from "./tracker/tracker.ts";

/**
 * The package's entry for environments that may have no page: servers, prerendering, workers, tests, native apps. It is `index.ts`,
 * with a `createTracker` that checks for a document first. Builds for browsers use `index.ts` and need no check: the conditions in
 * the package's exports select the entry. The conditions of edge servers are listed first, because their bundlers also set `browser`.
 */
export * from "./index.ts";

const noop = () => {};

/** A tracker that captures, stores and sends nothing, and has no session. */
const inertTracker: Tracker = {
  sessionId: "",
  track: noop,
  identify: noop,
  reset: noop,
  consent: noop,
  page: noop,
  flush: async () => {},
  features: async () => ({}),
  follow: () => noop,
  on: () => noop,
  stop: noop,
};

/** Starts measuring the current page. Without a document, the tracker does nothing. */
export const createTracker: typeof start = (options) =>
  typeof document === "object" ? start(options) : (inertTracker as Tracker<never, never, never>);
