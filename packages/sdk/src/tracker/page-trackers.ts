import { Symbol } from "../platform.ts";
import type { Tracker } from "./tracker.ts";

/** A tracker of the page, and the number of callers that share it. */
interface SharedTracker {
  tracker: Tracker;
  callers: number;
}

/**
 * The running trackers of the page, by public key. They are a property of `window`: a page may contain several copies of
 * the SDK, such as a script tag and a bundle.
 */
export const pageTrackers = (): Record<string, SharedTracker> => {
  const globals = window as unknown as Record<symbol, Record<string, SharedTracker>>;
  const name = Symbol.for("tidemark");
  globals[name] ??= {};
  return globals[name];
};
