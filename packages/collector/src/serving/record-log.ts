import { PUSH_VERSION, type Push } from "../entities/push.ts";
import { type Env, partitionOf } from "../env.ts";
import { callObject } from "../metrics/waits.ts";
import { knownDepth, learnDepth, partitionFor } from "../partition/binding.ts";
import type { SessionSender } from "../partition/partition.ts";
import { packRecord, type UnplacedPayload } from "../records/packed-records.ts";
import type { Tenant } from "../tenants.ts";

/** Delay of a flush, in milliseconds. An isolate that stops loses the records since its latest flush. */
const FLUSH_AFTER_MS = 1_000;

/** Limits of the records of a site that wait. Beyond them the oldest ones are dropped. */
const MAX_WAITING = { records: 5_000, characters: 8_000_000 };

/**
 * Limits of the records that one call sends. A longer record is sent alone. The records of a call share one value in the
 * partition, and pushes of sessions are written with it: a value that is too long would fail for them too.
 */
const MAX_SENT = { records: 500, bytes: 250_000 };

/** A record that waits, and the time at which it was added. */
interface Waiting {
  received_at: number;
  record: UnplacedPayload;
  /** Length of the payload as JSON. */
  characters: number;
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
  /** Sum of the lengths of those that wait. */
  characters: number;
  unconfirmed: Sent | undefined;
}

/** Adds a record to those that wait. */
const addWaiting = (records: SiteRecords, added: Waiting): void => {
  const { waiting } = records;
  waiting.push(added);
  records.characters += added.characters;
  while (waiting.length > MAX_WAITING.records || (waiting.length > 1 && records.characters > MAX_WAITING.characters))
    records.characters -= waiting.shift()?.characters ?? 0;
};

/** Takes the next records from those that wait. */
const nextOf = (records: SiteRecords): Sent => {
  const { waiting, latest } = records;
  const push = latest.push + 1;
  const frames: Uint8Array[] = [];
  let bytes = 0;
  for (const { received_at, record } of waiting.slice(0, MAX_SENT.records)) {
    const frame = packRecord({ push, arrival: latest.arrival + frames.length + 1, received_at }, record);
    if (frames.length > 0 && bytes + frame.length > MAX_SENT.bytes) break;
    frames.push(frame);
    bytes += frame.length;
  }
  for (const { characters } of waiting.splice(0, frames.length)) records.characters -= characters;
  records.latest = { push, arrival: latest.arrival + frames.length };
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
    const { depth, ...response } = await callObject("Partition", async () =>
      partition.apply(id, number, sender, sent.text, sent.frames, PUSH_VERSION),
    );
    learnDepth(id, depth);
    isMoved = response.isMoved;
  }
  if (records.unconfirmed === sent) records.unconfirmed = undefined;
  return true;
};

/** Sends all records of a site. Never rejects. */
const sendAll = async (env: Env, records: SiteRecords): Promise<void> => {
  try {
    while (await sendNext(env, records));
  } catch (error) {
    console.error("records could not be sent to the log; they wait for the next attempt", error);
  }
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
    const created: SiteRecords = { tenant, sender, latest, waiting: [], characters: 0, unconfirmed: undefined };
    sites.set(id, created);
    return created;
  };

  const flushLater = async (env: Env): Promise<void> => {
    flushingSince = Date.now();
    await scheduler.wait(FLUSH_AFTER_MS);
    flushingSince = Number.NEGATIVE_INFINITY;
    // A partition that does not respond delays no other site.
    await Promise.all([...sites.values()].map((records) => sendAll(env, records)));
  };

  return {
    add(tenant, record) {
      if (!tenant.log) return;
      const characters = JSON.stringify(record.payload).length;
      addWaiting(recordsOf(tenant), { received_at: Date.now(), record, characters });
    },

    flush(env) {
      const hasRecords = [...sites.values()].some(({ waiting, unconfirmed }) => unconfirmed || waiting.length > 0);
      // The runtime may end a request before its wait ends. A flush that takes too long is therefore replaced.
      return !hasRecords || Date.now() - flushingSince < 2 * FLUSH_AFTER_MS ? undefined : flushLater(env);
    },
  };
};
