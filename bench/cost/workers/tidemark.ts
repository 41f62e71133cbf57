import worker, {
  EntityShard as BareEntityShard,
  Metrics as BareMetrics,
  Partition as BarePartition,
  Session as BareSession,
} from "../../../tests/workerd/workers/unlogged.ts";
import { countedObject, countedWorker } from "./counted.ts";

/** The deployed Worker, counted. */
export const Session = countedObject(BareSession);
export const Partition = countedObject(BarePartition);
export const EntityShard = countedObject(BareEntityShard);
export const Metrics = countedObject(BareMetrics);
export default countedWorker(worker);
