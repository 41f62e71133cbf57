import worker, { Metrics as BareMetrics, Session as BareSession } from "../../../packages/collector/src/worker.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The deployed Worker, counted. */
export const Session = countedObject(BareSession);
export const Metrics = countedObject(BareMetrics);
export default countedWorker(worker);
