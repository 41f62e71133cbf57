import worker, { Session as Bare } from "../../collector/workers/row.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The minimal durable collector, counted. */
export const Session = countedObject(Bare);
export default countedWorker(worker);
