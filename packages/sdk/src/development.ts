import { problemsOf } from "./options/problems.ts";
import * as sdk from "./server.ts";

/**
 * The package's entry for development: `server.ts`, with a `createTracker` that warns about wrong options in the console.
 * Bundlers and their development servers select it by the export condition `development`; production builds do not contain it.
 */
export * from "./server.ts";

/** Starts measuring the current page, after a warning for each wrong option. */
export const createTracker: typeof sdk.createTracker = (options) => {
  if (globalThis.document)
    for (const problem of problemsOf(Object(options), sdk)) console.warn("[tidemark] createTracker:", problem);
  return sdk.createTracker(options);
};
