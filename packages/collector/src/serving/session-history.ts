import type { LoggedEvent } from "@tidemark/engine";
import { SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { eventIn, hourOf, isNumberedKind, type LogFile, type LogRecord, rangesOf } from "@tidemark/schema/log";
import { type Env, partitionOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { bucketOf } from "../log/bucket.ts";
import { findDay } from "../log/manifests.ts";
import { MissingFile, readSessionRows } from "../log/session-rows.ts";
import { recordsIn } from "../log/stream-records.ts";
import { partitionsOf } from "../partition/partitions.ts";
import { type UnplacedRecord, unpackRecords } from "../records/packed-records.ts";
import type { SessionRecords } from "../session/session.ts";
import type { Tenant } from "../tenants.ts";
import { readFromSession } from "./session-vector.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Longest time from a session's first event to a moment at which the collector still had it, in milliseconds. */
const LOOKBACK_MS = DAY_MS + SESSION_KEPT_MS;

/** Largest difference between the clocks of the machines that receive the batches of a session, in milliseconds. */
const CLOCKS_MS = 60_000;

/** Number of files that are read at the same time. */
const AT_ONCE = 6;

/** An event of a session, or another record of it. */
interface HistoryRecord {
  received_at: number;
  event?: LoggedEvent;
}

/** The records of a session by their number, from 1. */
type Records = Map<number, HistoryRecord>;

const isOf = (session: string, record: UnplacedRecord | LogRecord): boolean =>
  isNumberedKind(record.kind) && (record.kind === "event" ? record.event.session_id : record.session_id) === session;

const addRecord = (records: Records, { arrival, received_at, ...record }: UnplacedRecord | LogRecord): void => {
  records.set(arrival, { received_at, ...(record.kind === "event" && { event: record.event }) });
};

/** The session and the time of {@link readHistory}. */
interface History {
  env: Env;
  tenant: Tenant;
  session: string;
  /** UTC milliseconds. Events that were received later are left out. */
  as_of: number;
  /** Called with each number of bytes that is read from the log. Its errors end the read. */
  onBytes: (bytes: number) => void;
}

/** Adds the records of a partition that are in no file yet. */
const addTail = async (records: Records, { env, tenant, session, onBytes }: History, number: number): Promise<void> => {
  const { id } = tenant.site;
  const partition = partitionOf(env, tenant, number);
  for (let { after, to } = await partition.unlogged(id, number); after < to; ) {
    const entries = await partition.readStream(id, number, { after, to });
    for (const entry of entries) {
      onBytes(entry.records.reduce((sum, { length }) => sum + length, 0));
      for (const record of recordsIn(entry, id, number)) if (isOf(session, record)) addRecord(records, record);
    }
    after = entries.at(-1)?.position ?? to;
  }
};

/** The time in which the records of a file were received: the first moment, and the first one after it. */
const receivedIn = (file: LogFile): { start: number; end: number } => {
  const hours = rangesOf(file).map(({ hour }) => Date.parse(file.date) + hour * HOUR_MS);
  return { start: Math.min(...hours), end: Math.max(...hours) + HOUR_MS };
};

/** Adds the records in files that were received from one time to another, the latest ones first. */
const addFiles = async (
  records: Records,
  { env, tenant, session, as_of, onBytes }: History,
  begin: number,
  partition: number | undefined,
): Promise<void> => {
  const bucket = bucketOf(env);
  // The first record of the session, once it is found, ends the search.
  const from = () => Math.max(begin, records.get(1)?.received_at ?? begin) - CLOCKS_MS;
  const to = as_of + CLOCKS_MS;
  const isNeeded = (file: LogFile): boolean => {
    const { start, end } = receivedIn(file);
    const isOfPartition = partition === undefined || rangesOf(file).some((range) => range.partition === partition);
    return isNumberedKind(file.kind) && isOfPartition && start <= to && end > from();
  };
  const addFile = async (file: LogFile): Promise<void> => {
    for (const row of await readSessionRows(bucket, file, session, onBytes)) {
      const event = file.kind === "event" ? eventIn(row) : undefined;
      records.set(Number(row.arrival), { received_at: Number(row.received_at), ...(event && { event }) });
    }
  };
  for (let day = to; hourOf(day).date >= hourOf(from()).date; day -= DAY_MS) {
    const { files, bytes } = await findDay(bucket, tenant.site.id, hourOf(day).date);
    onBytes(bytes);
    const latestFirst = files.filter(isNeeded).sort((one, other) => receivedIn(other).end - receivedIn(one).end);
    for (let next = 0; next < latestFirst.length; next += AT_ONCE)
      await Promise.all(
        latestFirst
          .slice(next, next + AT_ONCE)
          .filter(isNeeded)
          .map(addFile),
      );
  }
};

const lacking = (session: string, reason: string): HttpError =>
  new HttpError("expired", `as_of: the log does not have all events of ${session} before this time: ${reason}.`);

/** The events up to a time, in the order of arrival. @throws HttpError `expired` if one of them is missing. */
const eventsUntil = (records: Records, { session, as_of }: History): LoggedEvent[] => {
  const known = [...records].filter(([, { received_at }]) => received_at <= as_of).sort(([a], [b]) => a - b);
  const last = known.at(-1)?.[0] ?? 0;
  for (let arrival = 1; arrival <= last; arrival += 1)
    if (!records.has(arrival)) throw lacking(session, "its retention is over, or no file could hold one of them");
  return known.flatMap(([, { event }]) => event ?? []);
};

/** Number of attempts when a file that was listed is deleted meanwhile. */
const ATTEMPTS = 3;

/**
 * Reads the events of a session that the collector had received by a time, each once, in the order of arrival. An
 * acknowledged event is in the session, then in its partition, and then in a file. They are read in this order, so that
 * no event is left out that moves meanwhile.
 *
 * @returns No event for an unknown session, and for a time before its first one.
 * @throws HttpError `expired` if the log no longer has one of the events, or `unavailable`; also the errors of `onBytes`.
 */
export const readHistory = async (history: History): Promise<LoggedEvent[]> => {
  const { env, tenant, session, as_of } = history;
  const unsent: SessionRecords | "unavailable" | undefined = await readFromSession(
    env,
    tenant,
    session,
    async (object) => object.records(),
  );
  if (unsent === "unavailable")
    throw new HttpError("unavailable", "The session could not be read. Send the request again.");
  if (unsent && unsent.began_at > as_of) return [];
  if (unsent && !unsent.isComplete) throw lacking(session, "it began before the site had a log");

  for (let attempt = 1; ; attempt += 1) {
    const records: Records = new Map();
    for (const record of unpackRecords(unsent?.unsent ?? new Uint8Array()))
      if (isOf(session, record)) addRecord(records, record);
    for (const number of unsent ? [unsent.partition] : await partitionsOf(env, tenant))
      await addTail(records, history, number);
    try {
      await addFiles(records, history, Math.max(unsent?.began_at ?? 0, as_of - LOOKBACK_MS), unsent?.partition);
      return eventsUntil(records, history);
    } catch (error) {
      if (!(error instanceof MissingFile) || attempt === ATTEMPTS) throw error;
    }
  }
};
