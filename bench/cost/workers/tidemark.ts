import worker, { Metrics as BareMetrics, Rollup as BareRollup, Session as BareSession } from "../../../worker.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The deployed Worker, counted. */
export const Session = countedObject(BareSession);
export const Rollup = countedObject(BareRollup);
export const Metrics = countedObject(BareMetrics);
export default countedWorker(worker);
