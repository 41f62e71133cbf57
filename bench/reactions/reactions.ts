import { type Bench, report } from "../report.ts";
import { measureBatches } from "./batches.ts";
import { measureRequests } from "./requests.ts";

/** Measures the cost of reactions: further requests of pages, and time added to batches that concern none. */
export const reactions: Bench = async () =>
  report("reactions", [...(await measureRequests()), ...(await measureBatches())]);
