import { PUSH_VERSION, type Push } from "../entities/push.ts";
import { type Env, partitionOf } from "../env.ts";
import { knownDepth, learnDepth, partitionFor } from "../partition/binding.ts";
import type { SessionSender } from "../partition/partition.ts";
import { packRecord, type UnplacedPayload } from "../records/packed-records.ts";
import type { Tenant } from "../tenants.ts";

/** Delay of a flush, in milliseconds. An isolate that stops loses the records since its latest flush. */
const FLUSH_AFTER_MS = 1_000;

/** Largest number of records of a site that wait. Beyond it the oldest ones are dropped. */
const MAX_WAITING = 5_000;

/** Largest number of records that one call sends. */
const MAX_SENT = 500;

/** A record that waits, and the time at which it was added. */
interface Waiting {
  received_at: number;
  record: UnplacedPayload;
}

/** Records on their way to a partition. They never change, so that a repeated call adds nothing. */
interface Sent {
  text: string;
  frames: Uint8Array;
}

/** The records of one site in this isolate, which is a sender to one of the site's partitions. */
interface SiteRecords {
  tenant: Tenant;
  sender: SessionSender;
  /** Numbers of the latest push and of its latest record. */
  latest: { push: number; arrival: number };
  waiting: Waiting[];
  unconfirmed: Sent | undefined;
}

/** Takes the next records from those that wait. */
const nextOf = (records: SiteRecords): Sent => {
  const taken = records.waiting.splice(0, MAX_SENT);
  const push = records.latest.push + 1;
  const { arrival } = records.latest;
  records.latest = { push, arrival: arrival + taken.length };
  const frames = taken.map(({ received_at, record }, index) =>
    packRecord({ push, arrival: arrival + index + 1, received_at }, record),
  );
  return {
    text: JSON.stringify([{ n: push, deltas: {} } satisfies Push]),
    frames: new Uint8Array(Buffer.concat(frames)),
  };
};

/** Sends the next records. Returns whether there were some. */
const sendNext = async (env: Env, records: SiteRecords): Promise<boolean> => {
  const { tenant, sender } = records;
  const { id } = tenant.site;
  if (records.waiting.length === 0 && !records.unconfirmed) return false;
  records.unconfirmed ??= nextOf(records);
  const sent = records.unconfirmed;
  for (let isMoved: boolean | undefined = true; isMoved; ) {
    const number = partitionFor(sender.hash, knownDepth(id));
    const partition = partitionOf(env, tenant, number);
    const { depth, ...response } = await partition.apply(id, number, sender, sent.text, sent.frames, PUSH_VERSION);
    learnDepth(id, depth);
    isMoved = response.isMoved;
  }
  if (records.unconfirmed === sent) records.unconfirmed = undefined;
  return true;
};

/**
 * Sends records of reads to the log: served vectors and predictions. No response waits for it. A sent record is in the log
 * once.
 */
export interface RecordLog {
  /** Adds a record, if the site has a log. */
  add(tenant: Tenant, record: UnplacedPayload): void;
  /**
   * Sends the records after {@link FLUSH_AFTER_MS}.
   *
   * @returns A promise for `waitUntil`; `undefined` without records, or when another call already waits to send them.
   */
  flush(env: Env): Promise<void> | undefined;
}

/** Creates a log without records. */
export const createRecordLog = (): RecordLog => {
  const sites = new Map<string, SiteRecords>();
  let flushingSince = Number.NEGATIVE_INFINITY;

  const recordsOf = (tenant: Tenant): SiteRecords => {
    const { id } = tenant.site;
    const existing = sites.get(id);
    if (existing) return existing;
    const [hash = 0] = crypto.getRandomValues(new Uint32Array(1));
    const sender = { id: `serving ${crypto.randomUUID()}`, began_at: Date.now(), hash };
    const latest = { push: 0, arrival: 0 };
    const created: SiteRecords = { tenant, sender, latest, waiting: [], unconfirmed: undefined };
    sites.set(id, created);
    return created;
  };

  const flushLater = async (env: Env): Promise<void> => {
    flushingSince = Date.now();
    await scheduler.wait(FLUSH_AFTER_MS);
    flushingSince = Number.NEGATIVE_INFINITY;
    for (const records of sites.values())
      try {
        while (await sendNext(env, records));
      } catch (error) {
        console.error("records could not be sent to the log; they wait for the next attempt", error);
      }
  };

  return {
    add(tenant, record) {
      if (!tenant.log) return;
      const { waiting } = recordsOf(tenant);
      waiting.push({ received_at: Date.now(), record });
      if (waiting.length > MAX_WAITING) waiting.shift();
    },

    flush(env) {
      const hasRecords = [...sites.values()].some(({ waiting, unconfirmed }) => unconfirmed || waiting.length > 0);
      // The runtime may end a request before its wait ends. A flush that takes too long is therefore replaced.
      return !hasRecords || Date.now() - flushingSince < 2 * FLUSH_AFTER_MS ? undefined : flushLater(env);
    },
  };
};
