import worker, { Session as Bare } from "../../collector/workers/row.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The least that a durable collector does, counted. */
export const Session = countedObject(Bare);
export default countedWorker(worker);
