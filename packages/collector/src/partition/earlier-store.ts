import { type EngineState, hashOf } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { Ledger } from "../entities/ledger.ts";
import { decodeDeltas, mergeInto } from "../entities/merge.ts";
import { type Delta, type EntityKey, entityOf, isEntityKey, type Push, type Sender } from "../entities/push.ts";
import { EntityRows } from "../entities/rows.ts";
import { initialDepth } from "./binding.ts";

/**
 * The storage of a shard of rollups, which this version converts to that of a partition with the same number.
 *
 * Such a shard merged the pushes of some sessions, and a read merged all shards. It kept the number of a session's
 * latest push in the row of the push's user, or in a row of the session.
 */
interface EarlierMeta {
  depth: number;
  generation: number;
}

interface EarlierRow {
  engine: EngineState;
  latest_pushes: Map<string, { n: number; at: number }>;
  anonymous_ids: string[];
}

interface EarlierEntry {
  generation: number;
  pushes: { session: string; text: string }[];
}

/** A push of an earlier version: a delta had at most one browser. */
export type EarlierPush = Omit<Push, "deltas"> & {
  deltas: Record<EntityKey, Omit<Delta, "anonymous_ids"> & { anonymous_id?: string }>;
};

const META = "meta";
const journalKey = (place: number) => `journal ${place}`;

/** Number of rows that are converted in one transaction. */
const PAGE = 500;

/** Number of different times at which sessions of earlier versions count as begun, in milliseconds. */
const BEGAN_MS = 86_400_000;

/** The time at which a session of an earlier version counts as begun: it stored none. */
export const earlierBegan = (sessionId: string): number => hashOf(sessionId) % BEGAN_MS;

const senderOf = (session: string): Sender => ({ id: session, began_at: earlierBegan(session) });

/** Converts pushes of an earlier version. */
export const convertPushes = (pushes: readonly EarlierPush[]): readonly Push[] =>
  pushes.map(({ n, layouts, deltas }) => {
    const converted = Object.entries(deltas).map(([key, { anonymous_id, ...delta }]) => [
      key,
      anonymous_id === undefined ? delta : { ...delta, anonymous_ids: [anonymous_id] },
    ]);
    return { n, ...(layouts && { layouts }), deltas: Object.fromEntries(converted) };
  });

/** Converts the rows, and records the latest pushes that they contain. */
const convertRows = (storage: DurableObjectStorage, ledger: Ledger): void => {
  const { kv } = storage;
  for (let last: string | undefined = ""; last !== undefined; ) {
    const page: [string, unknown][] = [...kv.list({ startAfter: last, limit: PAGE })];
    last = page.length < PAGE ? undefined : page.at(-1)?.[0];
    storage.transactionSync(() => {
      for (const [key, value] of page) {
        // A conversion that was interrupted has left texts.
        if (!isEntityKey(key) || typeof value === "string") continue;
        const { engine, latest_pushes, anonymous_ids } = value as EarlierRow;
        for (const [session, { n }] of latest_pushes) {
          const sender = senderOf(session);
          ledger.record(sender, Math.max(n, ledger.latest(sender) ?? 0));
        }
        if (entityOf(key) === "session") kv.delete(key);
        else kv.put(key, JSON.stringify({ engine, anonymous_ids }));
      }
      ledger.write();
    });
    ledger.markWritten();
  }
};

/**
 * Converts the storage of a shard of rollups, if it is one.
 *
 * @param finish Writes what belongs to the last transaction of the conversion.
 */
export const convertEarlierStore = (
  storage: DurableObjectStorage,
  partition: number,
  definitions: Definitions,
  onSetAside: (key: EntityKey, reason: string) => void,
  finish: (depth: number) => void,
): void => {
  const { kv } = storage;
  const first = kv.get<EarlierEntry>(journalKey(0));
  const stored = kv.get<Partial<EarlierMeta>>(META);
  if (!first && !stored) return;
  const { depth = initialDepth(partition), generation = 0 } = stored ?? {};
  const ledger = new Ledger(kv);
  convertRows(storage, ledger);
  const rows = new EntityRows(storage, definitions, onSetAside);
  let entries = 0;
  for (let entry = first; entry; entry = kv.get<EarlierEntry>(journalKey(entries))) {
    entries += 1;
    if (entry.generation !== generation) continue;
    for (const { session, text } of entry.pushes) {
      const sender = senderOf(session);
      const after = ledger.latest(sender) ?? 0;
      const pushes = convertPushes(JSON.parse(text));
      for (const { key, engine, delta } of decodeDeltas(pushes, after, definitions))
        mergeInto(engine, rows.change(key, delta.engine.event_time), delta);
      ledger.record(sender, Math.max(after, pushes.at(-1)?.n ?? 0));
    }
  }
  storage.transactionSync(() => {
    rows.write();
    ledger.write();
    for (let place = 0; place < entries; place += 1) kv.delete(journalKey(place));
    kv.delete(META);
    finish(depth);
  });
};
