import { type EntityKey, entityOf } from "./push.ts";

/** An entity and the time of its latest event, in UTC milliseconds. */
export type Seen = [key: EntityKey, at: number];

/** Entities that were written together, sorted by key. It is stored under its number. */
interface Segment {
  n: number;
  /** The latest of its times. */
  until: number;
  /** Length of its text. */
  characters: number;
}

/** Time for which the index has an entity after its latest event, in milliseconds: 30 days. */
export const LAST_SEEN_MS = 30 * 86_400_000;

/** Length from which a segment takes in no other one, in characters: a stored value has at most 2 MB. */
const MAX_SEGMENT = 500_000;

// Both differ from all keys of entities, which contain a colon.
const SEGMENTS = "last_seen";
const keyOf = (n: number): string => `${SEGMENTS} ${n}`;

/** Merges sorted lists. The time in the later list overrides the one in the earlier list. */
const merge = (earlier: readonly Seen[], later: readonly Seen[]): Seen[] =>
  [...new Map([...earlier, ...later])].sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * The index of entities by the time of their latest event. Each write of rows adds one segment with the entities that
 * changed, so that the index costs few writes. A segment takes in earlier ones that are not much longer, so that their
 * number stays small, and each entity is in few of them.
 */
export class LastSeen {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** Adds entities that were written, and removes segments that are too old. Call it in a transaction. */
  add(seen: readonly Seen[], now: number): void {
    const expired = now - LAST_SEEN_MS;
    const isRecent = ([, at]: Seen): boolean => at >= expired;
    let entries = merge([], seen.filter(isRecent));
    if (entries.length === 0) return;
    const segments = this.#segments();
    let text = JSON.stringify(entries);
    let n = (segments.at(-1)?.n ?? 0) + 1;
    for (let last = segments.at(-1); last && this.#takesIn(text, last); last = segments.at(-1)) {
      entries = merge(this.#read(last).filter(isRecent), entries);
      text = JSON.stringify(entries);
      this.#kv.delete(keyOf(last.n));
      n = last.n;
      segments.pop();
    }
    const until = entries.reduce((latest, [, at]) => Math.max(latest, at), 0);
    this.#kv.put(keyOf(n), text);
    const kept = segments.filter((segment) => segment.until >= expired);
    for (const segment of segments) if (segment.until < expired) this.#kv.delete(keyOf(segment.n));
    this.#kv.put(SEGMENTS, [...kept, { n, until, characters: text.length } satisfies Segment]);
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
    for (const segment of this.#segments())
      if (segment.until >= since) for (const each of this.#read(segment)) collect(each);
    for (const each of unwritten) collect(each);
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, limit);
  }

  /** Removes all entities. Call it in a transaction. */
  clear(): void {
    for (const { n } of this.#segments()) this.#kv.delete(keyOf(n));
    this.#kv.delete(SEGMENTS);
  }

  #takesIn(text: string, earlier: Segment): boolean {
    return earlier.characters <= 2 * text.length && earlier.characters + text.length <= MAX_SEGMENT;
  }

  #segments(): Segment[] {
    return this.#kv.get<Segment[]>(SEGMENTS) ?? [];
  }

  #read({ n }: Segment): Seen[] {
    return JSON.parse(this.#kv.get<string>(keyOf(n)) ?? "[]") as Seen[];
  }
}
