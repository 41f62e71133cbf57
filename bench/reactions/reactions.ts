import { type Bench, report } from "../report.ts";
import { measureBatches } from "./batches.ts";

/** Measures the cost of reactions: time added to batches that concern none, and further requests of a page. */
export const reactions: Bench = async () => report("reactions", await measureBatches());
