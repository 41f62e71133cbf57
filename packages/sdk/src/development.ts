import { warn } from "./guard.ts";
import { browserDenial } from "./options/consent.ts";
import { fixOf } from "./options/fixes.ts";
import { problemsOf } from "./options/problems.ts";
import { SIGNAL_RULES, signalProblems } from "./options/signal-problems.ts";
import type { TrackerOptions } from "./options/tracker-options.ts";
import { Object } from "./platform.ts";
import * as sdk from "./server.ts";
import type { Tracker } from "./tracker/tracker.ts";
import { warnOnce } from "./warn-once.ts";

/**
 * The package's entry for development: `server.ts`, with a `createTracker` and signals that warn about wrong options in the console. It
 * adds the fix to each warning about a rejection.
 * Bundlers and their development servers select it by the export condition `development`; production builds do not contain it.
 */
export * from "./server.ts";

/** Returns a signal or an enrichment that warns about each wrong option before it is created. */
const checked = <Create extends (options?: never) => unknown>(
  name: keyof typeof SIGNAL_RULES,
  create: Create,
): Create =>
  ((options?: never) => {
    for (const problem of signalProblems(SIGNAL_RULES[name], options)) warn(`${name}():`, problem);
    return create(options);
  }) as Create;

export const clicks = checked("clicks", sdk.clicks);
export const dwell = checked("dwell", sdk.dwell);
export const hovers = checked("hovers", sdk.hovers);
export const media = checked("media", sdk.media);
export const pageViews = checked("pageViews", sdk.pageViews);
export const readingDetails = checked("readingDetails", sdk.readingDetails);
export const scrollDepth = checked("scrollDepth", sdk.scrollDepth);

/** The functions of this entry that differ from those of the package's other entries. */
const own = { clicks, dwell, hovers, media, pageViews, readingDetails, scrollDepth };

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
    for (const problem of problemsOf(Object(options), sdk, own)) warn("createTracker:", problem);
    const denial = browserDenial(Object(options).doNotTrack);
    if (denial)
      explain(
        denial,
        `ask the visitor, and call tracker.consent("granted") after a yes. To test, turn ${denial} off in this browser`,
      );
  }
  return withFixes(sdk.createTracker(options), options);
};
