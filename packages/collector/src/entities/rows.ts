import type { Engine } from "@tidemark/engine";
import { MAX_EVENT_AGE_MS } from "@tidemark/schema/limits";
import type { Definitions } from "../compile-features.ts";
import type { DaysToLive } from "../config.ts";
import { expectKnown } from "../release.ts";
import { hasExpired } from "./expiry.ts";
import type { LatestEvent, Seen } from "./last-seen.ts";
import { type EntityRow, mergeInto } from "./merge.ts";
import { type EntityKey, entityOf, isEntityKey } from "./push.ts";

/** A row in memory. */
interface Cached {
  row: EntityRow;
  /** Length of the stored text; 0 before the first write. */
  characters: number;
  /** Time of the latest event in the stored text. */
  storedAt: number | null;
}

/**
 * Largest length of the stored texts of the rows in memory. A row takes one to three times its text on the heap. With
 * the rows that are new or have grown since the last write, all take at most 16 MB.
 */
const MAX_CACHED = 3_000_000;

/** Largest length of a row's text, because a stored value has at most 2 MB. */
const MAX_ROW = 1_900_000;

/**
 * Size of the object, in bytes, from which no row may become longer. The platform's limit is 10 GB, and the journal and
 * the ledger need the rest: a write beyond the limit would stop the object.
 */
const MAX_STORED = 9_500_000_000;

const DAY_MS = 86_400_000;

/** Largest age of an event in a push, in milliseconds. Until then a push may still reach a row before it expires. */
const LATEST_MS = MAX_EVENT_AGE_MS + 2 * DAY_MS;

/** Number of values that one step of a deletion reads. */
const SWEPT = 500;

/**
 * The rows of entities: read once, changed in memory, written together. A row is a JSON text.
 *
 * A row that cannot be written is set aside: it keeps its stored value, and no longer changes. All other rows are
 * written.
 */
export class EntityRows {
  readonly #kv: SyncKvStorage;
  readonly #sql: SqlStorage;
  readonly #definitions: Definitions;
  readonly #onSetAside: (key: EntityKey, reason: string) => void;
  readonly #daysToLive: DaysToLive;
  readonly #cached = new Map<EntityKey, Cached>();
  readonly #changed = new Set<EntityKey>();
  #characters = 0;

  /**
   * @param onSetAside Called for each row that cannot be written.
   * @param daysToLive Default: no entity expires.
   */
  constructor(
    { kv, sql }: Pick<DurableObjectStorage, "kv" | "sql">,
    definitions: Definitions,
    onSetAside: (key: EntityKey, reason: string) => void,
    daysToLive: DaysToLive = {},
  ) {
    this.#kv = kv;
    this.#sql = sql;
    this.#definitions = definitions;
    this.#onSetAside = onSetAside;
    this.#daysToLive = daysToLive;
  }

  /** Whether an entity has a row. */
  has(key: EntityKey): boolean {
    return this.#cached.has(key) || this.#kv.get(key) !== undefined;
  }

  /** Returns the row of an entity; `undefined` if it has none. */
  get(key: EntityKey): EntityRow | undefined {
    const cached = this.#cached.get(key);
    if (cached) return cached.row;
    const text = this.#kv.get<string>(key);
    if (text === undefined) return undefined;
    const row = this.decode(key, text);
    this.#cache(key, { row, characters: text.length, storedAt: row.engine.event_time });
    return row;
  }

  /** The time of the latest event of an entity. The row takes no memory afterwards. */
  latestEvent(key: EntityKey): LatestEvent {
    const cached = this.#cached.get(key);
    if (cached) return { at: cached.row.engine.event_time, characters: 0 };
    const text = this.#kv.get<string>(key);
    if (text === undefined) return { at: null, characters: 0 };
    return { at: (JSON.parse(text) as EntityRow).engine.event_time, characters: text.length };
  }

  /**
   * Returns the row of an entity for a change, and creates it if needed. A row that has expired before starts from
   * scratch.
   *
   * @param eventTime UTC milliseconds of the latest event of the change. The collector's clock does not matter, so that a
   * restarted object computes the same row from its journal. Default: before the row expires.
   */
  change(key: EntityKey, eventTime: number | null = null): EntityRow {
    let row = this.get(key);
    if (!row || this.#hasExpired(key, row, eventTime ?? 0)) {
      const { characters = 0, storedAt = null } = this.#cached.get(key) ?? {};
      this.#remove(key);
      row = { engine: this.engineOf(key).emptyState(), anonymous_ids: [] };
      this.#cache(key, { row, characters, storedAt });
    }
    this.#changed.add(key);
    return row;
  }

  #hasExpired(key: EntityKey, row: EntityRow, at: number): boolean {
    return hasExpired(this.#daysToLive, entityOf(key), row.engine.event_time, at);
  }

  /**
   * Deletes the stored rows that expired {@link LATEST_MS} or more before a time, among the next ones after a key. Leaves
   * out changed rows. Call it in a transaction.
   *
   * @returns The key to continue after; `undefined` at the end.
   */
  deleteExpired(now: number, startAfter: string): string | undefined {
    let last: string | undefined;
    let count = 0;
    for (const [key, text] of [...this.#kv.list<string>({ startAfter, limit: SWEPT })]) {
      last = key;
      count += 1;
      if (!isEntityKey(key) || this.#changed.has(key) || this.#daysToLive[entityOf(key)] === undefined) continue;
      if (!this.#hasExpired(key, JSON.parse(text) as EntityRow, now - LATEST_MS)) continue;
      this.#kv.delete(key);
      this.#remove(key);
    }
    return count < SWEPT ? undefined : last;
  }

  /** Deletes all rows, in memory and stored. Call it in a transaction. */
  clear(): void {
    for (let last: string | undefined = ""; last !== undefined; ) {
      const page: [string, unknown][] = [...this.#kv.list({ startAfter: last, limit: SWEPT })];
      last = page.length < SWEPT ? undefined : page.at(-1)?.[0];
      for (const [key] of page) if (isEntityKey(key)) this.#kv.delete(key);
    }
    this.#cached.clear();
    this.#changed.clear();
    this.#characters = 0;
  }

  /**
   * Stores the row of an entity without one: the merged texts of its rows elsewhere, if any. An entity that no longer
   * has features keeps the first one.
   *
   * @returns The time of the entity's latest event; `undefined` without a row or an event.
   */
  adopt(key: EntityKey, texts: string[]): Seen | undefined {
    const [first, ...others] = texts;
    if (first === undefined) return undefined;
    let text = first;
    if (others.length > 0 && this.#definitions.rollups.has(entityOf(key))) {
      const row = this.decode(key, first);
      for (const other of others) mergeInto(this.engineOf(key), row, this.decode(key, other));
      text = JSON.stringify(row);
    }
    this.#put(key, text, 0);
    const { event_time } = (JSON.parse(text) as EntityRow).engine;
    return event_time === null ? undefined : [key, event_time];
  }

  /** The entities whose latest event is later than in their stored rows, with its time. */
  *advanced(): Generator<Seen> {
    for (const key of this.#changed) {
      const { row, storedAt = null } = this.#cached.get(key) ?? {};
      const at = row?.engine.event_time ?? null;
      if (at !== null && at !== storedAt) yield [key, at];
    }
  }

  /** Writes the changed rows, one by one. Call it in a transaction. @returns Those of {@link advanced} that are stored. */
  write(): Seen[] {
    const advanced = [...this.advanced()];
    for (const key of this.#changed) {
      const cached = this.#cached.get(key);
      if (!cached) continue;
      const text = JSON.stringify(cached.row);
      if (this.#put(key, text, cached.characters)) {
        this.#characters += text.length - cached.characters;
        cached.characters = text.length;
        cached.storedAt = cached.row.engine.event_time;
      } else {
        this.#remove(key);
      }
    }
    return advanced.filter(([key]) => this.#cached.has(key));
  }

  /** Marks all rows as unchanged, after the transaction of {@link write}. */
  markWritten(): void {
    this.#changed.clear();
    this.trim();
  }

  /** Whether the rows in memory are too long, even without the unchanged ones after {@link trim}. */
  get isFull(): boolean {
    return this.#characters > MAX_CACHED;
  }

  /** Removes the unchanged rows that were read first from memory while there are too many. */
  trim(): void {
    for (const key of this.#cached.keys()) {
      if (!this.isFull) return;
      if (!this.#changed.has(key)) this.#remove(key);
    }
  }

  /** Decodes a row. Features that changed since it was written start from scratch. */
  decode(key: EntityKey, text: string): EntityRow {
    const { engine, anonymous_ids } = JSON.parse(text) as EntityRow;
    expectKnown(`the row of ${key}`, engine.version, this.engineOf(key).layout.version);
    return { engine: this.engineOf(key).migrate(engine).state, anonymous_ids };
  }

  /** The engine of an entity's features. @throws Error for an entity without a feature. */
  engineOf(key: EntityKey): Engine {
    const engine = this.#definitions.rollups.get(entityOf(key))?.engine;
    if (!engine) throw new Error(`no feature is defined for ${entityOf(key)}`);
    return engine;
  }

  /** Stores a text, or sets it aside. Returns whether it is stored. @param before Length of the stored text. */
  #put(key: EntityKey, text: string, before: number): boolean {
    try {
      if (text.length > MAX_ROW) throw new Error(`${text.length} characters; a row has at most ${MAX_ROW}`);
      if (text.length > before && this.#sql.databaseSize > MAX_STORED)
        throw new Error(`the object has ${MAX_STORED} bytes, and no space for longer rows`);
      this.#kv.put(key, text);
      return true;
    } catch (error) {
      this.#onSetAside(key, `${error}`);
      return false;
    }
  }

  #cache(key: EntityKey, cached: Cached): void {
    this.#cached.set(key, cached);
    this.#characters += cached.characters;
  }

  #remove(key: EntityKey): void {
    this.#characters -= this.#cached.get(key)?.characters ?? 0;
    this.#cached.delete(key);
  }
}
