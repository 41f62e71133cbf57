import { problemsOf } from "./options/problems.ts";
import * as sdk from "./server.ts";

/**
 * The package while an app is developed: all is as in `server.ts`, but its `createTracker` says in the console what is wrong with its
 * options. Bundlers and their development servers take it by the condition `development`; what is shipped has none of it.
 */
export * from "./server.ts";

/** Starts measuring the page that it is called on, after a warning for each option that will not do. */
export const createTracker: typeof sdk.createTracker = (options) => {
  if (globalThis.document)
    for (const problem of problemsOf(Object(options), sdk)) console.warn("[tidemark] createTracker:", problem);
  return sdk.createTracker(options);
};
