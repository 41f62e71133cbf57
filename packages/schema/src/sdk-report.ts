import { z } from "zod";
import { count, duration } from "./fields.ts";

/** The cost of the SDK in a page and its failures, as one batch of a session states them. The collector stores it with no session. */
export const sdkReport = z
  .strictObject({
    script_ms: duration(
      "Time on the main thread of the SDK's listeners and timers, estimated from a sample of them. The start of the page is not in it.",
    ),
    errors: count("Exceptions that the SDK has caught, those of the page's functions that it calls among them."),
    storage_errors: count("Failures of the browser's storage of unacknowledged batches."),
  })
  .describe("The SDK's report about itself, once a session. The collector only counts it, by release and browser.");

/** The SDK's report about itself. */
export type SdkReport = z.infer<typeof sdkReport>;
