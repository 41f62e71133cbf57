import worker, { Session as Bare } from "../../../packages/collector/src/worker.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The deployed Worker, counted. */
export const Session = countedObject(Bare);
export default countedWorker(worker);
