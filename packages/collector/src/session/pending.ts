import { unconfirmedDeltas } from "./pushes.ts";
import type { StoredSession } from "./row.ts";
import { unsentLength } from "./unsent.ts";

/** Whether the partition has not confirmed all deltas and records of a session. */
export const isPending = ({ push_queue, unsent }: Pick<StoredSession, "push_queue" | "unsent">): boolean =>
  unsentLength(unsent) > 0 || unconfirmedDeltas(push_queue) > 0;
