import { combineStops, type Stop } from "../sensors/listen.ts";
import type { Listen } from "./tracker-events.ts";

/**
 * Explains in the console what a tracker captures and what becomes of it: each event, each answer of the collector with the
 * events it refused and why, each request that failed, and what had to be given up. A module of its own: a page that does
 * not ask for it does not load it. The script tag loads it on pages with `?tidemark_debug` in their URL.
 *
 * @returns A function that ends it.
 */
export const debug = ({ on }: { on: Listen }): Stop => {
  let problem = "";
  const say = (what: string, detail: unknown) => console.info(`[tidemark] ${what}`, detail);
  return combineStops(
    on("event", (event) => say(`${event.type} ${event.seq}`, event)),
    on("acknowledged", (answer) => {
      say(`stored ${answer.accepted}, and had ${answer.duplicates} already`, answer);
      for (const rejection of answer.rejected) say(`refused: ${rejection.message}`, rejection);
    }),
    on("delivery_problem", (why) => {
      // What cannot be stored cannot be stored each time: once in a row is enough.
      if (why !== problem) say("delivery problem:", why);
      problem = why;
    }),
  );
};
