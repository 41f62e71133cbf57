import { type EntityKey, entityOf } from "./push.ts";

/** An entity and the time of its latest event, in UTC milliseconds. */
export type Seen = [key: EntityKey, at: number];

/** A place in the index: after a key of a segment. */
export interface Place {
  /** Number of the segment. */
  n: number;
  /** Default: at the begin of the segment. */
  key: string;
}

/** Some entities of the index, and the place after them. */
export interface Listed {
  entities: Seen[];
  /** Continues the list; absent at its end. */
  next?: Place;
}

/** The time of an entity's latest event, as it is read from the entity's row. */
export interface LatestEvent {
  /** UTC milliseconds; `null` without a row or an event. */
  at: number | null;
  /** Length of the text that was read from the storage. */
  characters: number;
}

/** The rows of the entities in the index. */
interface IndexedRows {
  /** The entities whose latest event is later than at the latest {@link LastSeen.add}. */
  advanced(): Iterable<Seen>;
  latestEvent(key: EntityKey): LatestEvent;
}

/** A segment of the index. A full one is stored under its number. */
interface Segment {
  n: number;
  /** Number of the first of the segments that became full at the same time. They are one list that is sorted by key. */
  run: number;
  /** The latest of its times. */
  until: number;
}

/** The stored index. */
interface Index {
  /** The entities that changed since the latest full segment, sorted by key. */
  open: readonly Seen[];
  full: Segment[];
  /** Number of the open segment, which is above those of the full ones. */
  next: number;
}

/** Longest time for which the index has an entity after its latest event, in milliseconds: 30 days. */
export const LAST_SEEN_MS = 30 * 86_400_000;

/** Greatest length of a segment, in characters: a stored value has at most 2 MB. */
const FULL = 500_000;

/** Length of the segments and rows, in characters, after which one call of {@link LastSeen.list} reads no more of them. */
const MAX_READ = 4_000_000;

/**
 * Greatest number of full segments, each with some thousands of entities. Beyond it the earliest ones are deleted: each
 * write contains their list.
 */
const MAX_SEGMENTS = 10_000;

// Both differ from all keys of entities, which contain a colon.
const INDEX = "last_seen";
const keyOf = (n: number): string => `${INDEX} ${n}`;

/** Merges sorted lists. The time in the later list overrides the one in the earlier list. */
const merge = (earlier: readonly Seen[], later: readonly Seen[]): Seen[] =>
  [...new Map([...earlier, ...later])].sort(([a], [b]) => (a < b ? -1 : 1));

/** Splits entities into lists of which none is too long for a segment. */
const split = (entries: readonly Seen[], full: number): (readonly Seen[])[] => {
  if (entries.length < 2 || JSON.stringify(entries).length <= full) return [entries];
  const middle = entries.length >> 1;
  return [...split(entries.slice(0, middle), full), ...split(entries.slice(middle), full)];
};

/**
 * The index of entities by the time of their latest event. Each write of rows adds the entities whose time has changed, at
 * the cost of one more write. An entity is once in each segment that was open at such a write. Its latest entry is the
 * one with the time that its row has: all others are ignored.
 */
export class LastSeen {
  readonly #kv: SyncKvStorage;
  readonly #limits: { full: number; read: number };

  /** @param limits Length of a full segment, and of what a call of {@link list} reads, in characters. */
  constructor(kv: SyncKvStorage, limits = { full: FULL, read: MAX_READ }) {
    this.#kv = kv;
    this.#limits = limits;
  }

  /**
   * Adds entities whose rows were written with a later event than before, and removes those that are too old. Call it in a
   * transaction.
   */
  add(seen: readonly Seen[], now: number): void {
    const expired = now - LAST_SEEN_MS;
    const recent = seen.filter(([, at]) => at >= expired);
    if (recent.length === 0) return;
    const { open, full, next } = this.#read();
    const entries = merge(open, recent).filter(([, at]) => at >= expired);
    const kept = full.filter(({ until }) => until >= expired);
    for (const { n, until } of full) if (until < expired) this.#kv.delete(keyOf(n));
    const parts = split(entries, this.#limits.full);
    const isFull = parts.length > 1;
    if (isFull)
      for (const [index, part] of parts.entries()) {
        const n = next + index;
        kept.push({ n, run: next, until: part.reduce((latest, [, at]) => Math.max(latest, at), 0) });
        this.#kv.put(keyOf(n), JSON.stringify(part));
      }
    for (const { n } of kept.splice(0, Math.max(0, kept.length - MAX_SEGMENTS))) this.#kv.delete(keyOf(n));
    this.#write({ open: isFull ? [] : entries, full: kept, next: isFull ? next + parts.length : next });
  }

  /**
   * The next entities with an event since a time, in the order of the segments, and by key in a segment. It reads rows,
   * one for each entry. At some length of what it has read it ends before the limit, even without an entity.
   *
   * The pages of a list have each entity that was active when the list began, once unless it changes meanwhile. Its latest
   * entry then moves to the open segment, after all others.
   *
   * @param since UTC milliseconds.
   */
  list(entity: string, since: number, after: Place, limit: number, rows: IndexedRows): Listed {
    const { open, full, next } = this.#read();
    // The open segment of the place may have become a run of several full ones.
    const run = full.find(({ n }) => n === after.n)?.run ?? after.n;
    const entities: Seen[] = [];
    let read = 0;
    for (const segment of [...full, { n: next, run: next, until: Number.POSITIVE_INFINITY }]) {
      if (segment.n < after.n || segment.until < since) continue;
      const begin = segment.run === run ? after.key : "";
      if (read > this.#limits.read) return { entities, next: { n: segment.n, key: begin } };
      const text = this.#kv.get<string>(keyOf(segment.n)) ?? "[]";
      read += text.length;
      const entries = segment.n === next ? merge(open, [...rows.advanced()]) : (JSON.parse(text) as Seen[]);
      for (const [key, at] of entries) {
        if (at < since || key <= begin || entityOf(key) !== entity) continue;
        const latest = rows.latestEvent(key);
        read += latest.characters;
        if (latest.at === at) entities.push([key, at]);
        if (entities.length === limit || read > this.#limits.read) return { entities, next: { n: segment.n, key } };
      }
    }
    return { entities };
  }

  /** Removes all entities. A list that has begun continues with those that are added later. Call it in a transaction. */
  clear(): void {
    const { full, next } = this.#read();
    for (const { n } of full) this.#kv.delete(keyOf(n));
    this.#write({ open: [], full: [], next: next + 1 });
  }

  #read(): Index {
    return JSON.parse(this.#kv.get<string>(INDEX) ?? '{"open":[],"full":[],"next":1}') as Index;
  }

  #write(index: Index): void {
    this.#kv.put(INDEX, JSON.stringify(index));
  }
}
