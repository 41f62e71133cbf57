import { framesIn } from "../records/frames.ts";
import { unpackRecords } from "../records/packed-records.ts";

/** Number of sessions in a stored value, which has at most 2 MB. */
const CHUNK = 10_000;

// The keys differ from all keys of entities, which contain a colon.
const PREFIX = "logged sessions ";

/** Stores the number of the latest record of each session that the log has. Call it in a transaction. */
export const storeLoggedSessions = (kv: SyncKvStorage, arrivals: ReadonlyMap<string, number>): void => {
  const entries = [...arrivals];
  for (let start = 0; start < entries.length; start += CHUNK)
    kv.put(`${PREFIX}${start}`, JSON.stringify(entries.slice(start, start + CHUNK)));
};

/** Reads the numbers of {@link storeLoggedSessions}. */
export const readLoggedSessions = (kv: SyncKvStorage): Map<string, number> =>
  new Map([...kv.list<string>({ prefix: PREFIX })].flatMap(([, text]) => JSON.parse(text) as [string, number][]));

/**
 * The number of the latest push of a session whose records are all in the log; `undefined` if there is none. A session
 * repeats pushes whose confirmation it has not stored.
 *
 * @param latest The number of the session's latest record in the log.
 */
export const latestLoggedPush = (records: Uint8Array, latest: number): number | undefined => {
  let logged: number | undefined;
  let current: number | undefined;
  let start = 0;
  for (const frame of framesIn(records)) {
    if (frame.push !== current) {
      logged = current;
      current = frame.push;
    }
    const [first] = unpackRecords(records.subarray(start, frame.end));
    start = frame.end;
    if (!first || first.arrival + frame.count - 1 > latest) return logged;
  }
  return current;
};
