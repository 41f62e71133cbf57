import { console } from "../platform.ts";
import { combineStops, type Stop } from "../sensors/listen.ts";
import type { Listen } from "./tracker-events.ts";

/** A batch without the token of its user: consoles are recorded and shared. */
const withoutToken = ({ user_token: _, ...batch }: { user_token?: string | undefined }): object => batch;

/**
 * Logs a tracker's events and their delivery to the console: each captured event, each response of the collector, each failed
 * request, and the reason for each dropped batch. A response is logged with its rejected events and the reasons.
 *
 * A page that does not import this module does not load it. The script tag loads it on pages with `?tidemark_debug` in the URL.
 *
 * @returns A function that stops the logging.
 */
export const debug = ({ on }: { on: Listen }): Stop => {
  let lastProblem = "";
  const log = (message: string, detail: unknown) => console.info(`[tidemark] ${message}`, detail);
  return combineStops(
    on("event", (event) => log(`${event.type} ${event.seq}`, event)),
    on("acknowledged", (response) => {
      log(`accepted ${response.accepted}, duplicates ${response.duplicates}`, withoutToken(response));
      for (const rejection of response.rejected) log(`rejected: ${rejection.message}`, rejection);
    }),
    on("rejected", (batch) => log(`batch rejected: ${batch.message} (${batch.code})`, withoutToken(batch))),
    on("delivery_problem", (problem) => {
      // Storage that fails once fails for every event: a repeated problem is logged once.
      if (problem !== lastProblem) log("delivery problem:", problem);
      lastProblem = problem;
    }),
  );
};
