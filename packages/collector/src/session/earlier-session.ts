import { hashOf } from "@tidemark/engine";
import { SESSION_IDLE_MS, SESSION_KEPT_MS } from "@tidemark/schema/limits";
import type { Push } from "../entities/push.ts";
import { partitionFor } from "../partition/binding.ts";
import { convertPushes, type EarlierPush, earlierBegan } from "../partition/earlier-store.ts";
import { setDue } from "./due.ts";
import type { PushQueue } from "./pushes.ts";
import type { StoredSession } from "./row.ts";
import type { ClientClock } from "./tab/clock.ts";

/** The push queue of an earlier version: each push had the number of a shard, which now is that of a partition. */
interface EarlierQueue extends Omit<PushQueue, "partition" | "sealed" | "open"> {
  depth: number;
  sealed: (EarlierPush & { shard: number })[];
  open: (EarlierPush & { shard: number }) | null;
}

/** The clock of an earlier version, with one range of times for all numbers. */
interface EarlierClock {
  steps: { from_seq: number; skew: number }[];
  high_seq: number;
  high_time: number;
}

const convertClock = (clock: ClientClock | EarlierClock): ClientClock => {
  if ("timeline" in clock) return clock;
  const { steps, high_seq, high_time } = clock;
  return {
    shifts: steps.map(({ from_seq, skew }) => [from_seq, skew]),
    timeline: high_seq < 0 ? [] : [[0, high_seq, 0, high_time]],
  };
};

/** The fields that a version with a log has added. */
const withoutRecords = { arrivals: 0, pseudonym: null, recorded_id: null, recorded_user: null };

/** Converts a session whose pushes were sent to a shard in order, if at all. */
const convertQueue = (stored: StoredSession, { latest_n, depth, layouts, sealed, open }: EarlierQueue): void => {
  const { session_id, latest_received_at, closed } = stored;
  const hash = hashOf(session_id);
  stored.visitor_hash = hash;
  stored.began_at = earlierBegan(session_id);
  stored.due = latest_received_at === null || closed ? [] : [["close", latest_received_at + SESSION_IDLE_MS]];
  stored.push_queue = {
    latest_n,
    // Pushes to another shard than the first one were not sent before that shard had confirmed the first ones.
    partition: (sealed[0] ?? open)?.shard ?? partitionFor(hash, depth),
    layouts,
    sealed: [...convertPushes(sealed)],
    open: open && (convertPushes([open])[0] as Push),
  };
};

/** Converts a session that an earlier version has stored. */
export const convertEarlierSession = (stored: StoredSession): void => {
  Object.assign(stored, { ...withoutRecords, ...stored });
  stored.fed ??= {};
  for (const tab of stored.tabs.values()) tab.clock = convertClock(tab.clock);
  const { push_queue, latest_received_at, closed } = stored;
  if (!("partition" in push_queue)) convertQueue(stored, push_queue as EarlierQueue);
  // An earlier version did not delete sessions. The next batch sets the alarm.
  if (closed && latest_received_at !== null) setDue(stored, "expire", latest_received_at + SESSION_KEPT_MS);
};
