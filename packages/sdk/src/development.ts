import { warn } from "./guard.ts";
import { browserDenial } from "./options/consent.ts";
import { fixOf } from "./options/fixes.ts";
import { problemsOf } from "./options/problems.ts";
import type { TrackerOptions } from "./options/tracker-options.ts";
import { Object } from "./platform.ts";
import * as sdk from "./server.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { warnOnce } from "./warn-once.ts";

/**
 * The package's entry for development: `server.ts`, with a `createTracker` that warns about wrong options in the console, and adds
 * the fix to each warning about a rejection.
 * Bundlers and their development servers select it by the export condition `development`; production builds do not contain it.
 */
export * from "./server.ts";

const explain = (what: string, fix: string | undefined) => {
  if (fix) warnOnce(`fix for ${what}:`, fix);
};

/** Adds the fix to each warning of a tracker about a rejection, and to calls without their option. Returns the tracker. */
const withFixes = <T extends Pick<Tracker, "on"> & { follow: unknown }>(tracker: T, options: TrackerOptions): T => {
  const { on } = tracker;
  if (!Object(options).reactions)
    tracker.on = (type, listener) => {
      if (type === "reaction")
        explain('on("reaction")', "it needs an option: createTracker({ reactions, … }), imported from @tidemark/sdk");
      return on(type, listener);
    };
  if (!Object(options).follow)
    tracker.follow = () => {
      explain("follow", "it needs an option: createTracker({ follow: overWebSocket, … }), imported from @tidemark/sdk");
      return () => {};
    };
  tracker.on("rejected", ({ code }) => explain(code, fixOf(code)));
  tracker.on("acknowledged", ({ rejected }) => {
    for (const { code } of rejected) explain(code, fixOf(code));
  });
  return tracker;
};

/** Starts measuring the current page, after a warning for each wrong option. Warns about each rejection with the fix. */
export const createTracker: typeof sdk.createTracker = (options) => {
  if (typeof document !== "undefined") {
    for (const problem of problemsOf(Object(options), sdk)) warn("createTracker:", problem);
    const denial = browserDenial(Object(options).doNotTrack);
    if (denial)
      explain(
        denial,
        `ask the visitor, and call tracker.consent("granted") after a yes. To test, turn ${denial} off in this browser`,
      );
  }
  return withFixes(sdk.createTracker(options), options);
};
