import { type EntityKey, entityOf } from "./push.ts";

/** An entity and the time of its latest event, in UTC milliseconds. */
export type Seen = [key: EntityKey, at: number];

/** A full segment of the index, which is stored under its number. */
interface Segment {
  n: number;
  /** The latest of its times. */
  until: number;
}

/** The stored index. */
interface Index {
  /** The entities that changed since the latest full segment, sorted by key. */
  open: readonly Seen[];
  full: Segment[];
}

/** Longest time for which the index has an entity after its latest event, in milliseconds: 30 days. */
export const LAST_SEEN_MS = 30 * 86_400_000;

/** Greatest length of a segment, in characters: a stored value has at most 2 MB. */
const FULL = 500_000;

/**
 * Greatest number of full segments, each with some thousands of entities. Beyond it the earliest ones are deleted: each
 * write contains their list, and a list reads all of them.
 */
const MAX_SEGMENTS = 10_000;

// Both differ from all keys of entities, which contain a colon.
const INDEX = "last_seen";
const keyOf = (n: number): string => `${INDEX} ${n}`;

/** Merges sorted lists. The time in the later list overrides the one in the earlier list. */
const merge = (earlier: readonly Seen[], later: readonly Seen[]): Seen[] =>
  [...new Map([...earlier, ...later])].sort(([a], [b]) => (a < b ? -1 : 1));

/** Splits entities into lists of which none is too long for a segment. */
const split = (entries: readonly Seen[]): (readonly Seen[])[] => {
  if (entries.length < 2 || JSON.stringify(entries).length <= FULL) return [entries];
  const middle = entries.length >> 1;
  return [...split(entries.slice(0, middle)), ...split(entries.slice(middle))];
};

/**
 * The index of entities by the time of their latest event. Each write of rows adds the entities that changed, at the cost
 * of one more write. An entity is once in each segment in which it changed.
 */
export class LastSeen {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Adds entities that were written, and removes those that are too old. Call it in a transaction. */
  add(seen: readonly Seen[], now: number): void {
    const expired = now - LAST_SEEN_MS;
    const recent = seen.filter(([, at]) => at >= expired);
    if (recent.length === 0) return;
    const { open, full } = this.#read();
    const entries = merge(open, recent).filter(([, at]) => at >= expired);
    const kept = full.filter(({ until }) => until >= expired);
    for (const { n, until } of full) if (until < expired) this.#kv.delete(keyOf(n));
    const parts = split(entries);
    if (parts.length > 1)
      for (const part of parts) {
        const n = Math.max(full.at(-1)?.n ?? 0, kept.at(-1)?.n ?? 0) + 1;
        kept.push({ n, until: part.reduce((latest, [, at]) => Math.max(latest, at), 0) });
        this.#kv.put(keyOf(n), JSON.stringify(part));
      }
    for (const { n } of kept.splice(0, Math.max(0, kept.length - MAX_SEGMENTS))) this.#kv.delete(keyOf(n));
    this.#kv.put(INDEX, JSON.stringify({ open: parts.length > 1 ? [] : entries, full: kept } satisfies Index));
  }

  /**
   * The first entities by key with an event since a time.
   *
   * @param since UTC milliseconds.
   * @param after The key after which they begin. Default: at the first one.
   * @param unwritten Entities that changed after the latest {@link add}.
   */
  list(entity: string, since: number, after: string, limit: number, unwritten: Iterable<Seen>): Seen[] {
    const found = new Map<EntityKey, number>();
    let last: string | undefined;
    const collect = ([key, at]: Seen) => {
      if (at < since || key <= after || (last !== undefined && key > last) || entityOf(key) !== entity) return;
      found.set(key, Math.max(found.get(key) ?? 0, at));
      // The keys beyond the limit are dropped now and then: all of a busy site would take too much memory.
      if (found.size < 4 * limit) return;
      const keys = [...found.keys()].sort();
      for (const dropped of keys.slice(limit)) found.delete(dropped);
      last = keys[limit - 1];
    };
    const { open, full } = this.#read();
    for (const { n, until } of full)
      if (until >= since)
        for (const each of JSON.parse(this.#kv.get<string>(keyOf(n)) ?? "[]") as Seen[]) collect(each);
    for (const each of open) collect(each);
    for (const each of unwritten) collect(each);
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
  }

  /** Removes all entities. Call it in a transaction. */
  clear(): void {
    for (const { n } of this.#read().full) this.#kv.delete(keyOf(n));
    this.#kv.delete(INDEX);
  }

  #read(): Index {
    return JSON.parse(this.#kv.get<string>(INDEX) ?? '{"open":[],"full":[]}') as Index;
  }
}
