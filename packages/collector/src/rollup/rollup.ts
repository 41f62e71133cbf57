import { DurableObject } from "cloudflare:workers";
import type { Definitions } from "../definitions.ts";
import type { EngineState } from "../engine/engine.ts";
import { type Delta, entityOf, type Layouts, type Push, type RollupKey, rollupKey } from "./push.ts";
import { firstDepth, MAX_DEPTH } from "./shards.ts";

/** What a shard knows of a user, page or other entity: one row. */
interface Gathered {
  engine: EngineState;
  /** Of a user or a session: by session, the number of the latest push that was merged and when; the one heard longest ago first. */
  merged: Map<string, { n: number; at: number }>;
  /** The latest browsers of an identified user, the latest last. */
  anonymous_ids: string[];
}

/** What a shard answers of an entity. */
export interface Share {
  /** How often the shard was split: see `splitOff`. */
  depth: number;
  /** `undefined` when it has heard nothing of the entity. */
  known?: { engine: EngineState; anonymous_ids: string[] };
}

/** What came since rows were last written, in the order in which it came. */
interface Entry {
  generation: number;
  /** Of a session at once, in JSON as they came. */
  pushes: { session: string; text: string }[];
}

/** What is true of the shard as a whole. */
interface Ledger {
  /** How often it was split. */
  depth: number;
  /** How often its rows were written; entries of the journal of an earlier one are in the rows. */
  generation: number;
}

// No key of an entity is one of these: it has a colon.
const LEDGER = "ledger";
const entryKey = (place: number) => `journal ${place}`;

/** Least time from one write to the next, in milliseconds: what comes in between is written together. */
const WRITE_EVERY_MS = 250;

/** A shard that gets more than so many pushes in so many milliseconds is split. */
const HOT = { pushes: 1_500, within_ms: 5_000 };

/** How long the sessions of a user are remembered, and how many at most: the time within which a push may come again. */
const REMEMBER = { ms: 86_400_000, sessions: 512 };

/** Browsers that are remembered of a user. */
const MAX_ANONYMOUS_IDS = 16;

/**
 * Most entries in the journal, and most characters, which a shard that wakes up reads again; most characters in one entry, which is a
 * value of at most 2 MB. Beyond any of them, rows are written.
 */
const JOURNAL = { entries: 128, characters: 2_000_000, of_entry: 500_000 };

/** Most rows that are kept in memory without need. */
const MAX_CACHED = 1_000;

/**
 * A shard of a site's rollups: what many sessions folded of its users, pages and other entities, merged, a row for each. A
 * push that comes again changes nothing, so that sessions may repeat what they do not know to have arrived: its number is kept
 * in the row of its user, or in one of the session when it is about no user. Pushes are written to a journal, one row for all that came at once, and
 * what they changed when there are many: whom many pushes are about is written once for all of them.
 */
export abstract class RollupObject extends DurableObject {
  /** The definitions of this deployment, compiled. */
  protected abstract readonly definitions: Definitions;

  #ledger: Ledger | undefined;
  #rows = new Map<RollupKey, Gathered>();
  /** Rows that say more than is written of them. */
  #changed = new Set<RollupKey>();
  /** Pushes that are not written at all. */
  #fresh: { pushes: Entry["pushes"]; characters: number } = { pushes: [], characters: 0 };
  #journal = { entries: 0, characters: 0 };
  #writing: Promise<void> | undefined;
  #wroteAt = 0;
  #heat = { since: 0, pushes: 0 };

  /**
   * Merges a session's pushes, each unless it or a later one was merged before. When this returns they are durable, and how
   * often this shard was split is told.
   *
   * @param text Pushes in JSON, in the order of their numbers: less work to hand over, and to write, than what they say.
   */
  async apply(session: string, text: string): Promise<number> {
    const pushes = JSON.parse(text) as Push[];
    const [first] = pushes;
    if (!first) throw new Error("no push came");
    const ledger = this.#open(first.shard);
    if (this.#mergeAll(session, pushes) > 0) {
      this.#fresh.pushes.push({ session, text });
      this.#fresh.characters += text.length;
    }
    this.#splitWhenHot(ledger);
    if (this.#fresh.pushes.length > 0) {
      this.#writing ??= this.#write(ledger).finally(() => {
        this.#writing = undefined;
      });
    }
    await this.#writing;
    return ledger.depth;
  }

  /** What this shard knows of an entity, merged but perhaps not written yet. */
  read(shard: number, key: RollupKey): Share {
    const { depth } = this.#open(shard);
    const known = this.#row(key);
    if (this.#rows.size > 2 * MAX_CACHED) this.#forgetUnchanged();
    return known ? { depth, known: { engine: known.engine, anonymous_ids: known.anonymous_ids } } : { depth };
  }

  /** What is stored, with the journal merged into the rows. */
  #open(shard: number): Ledger {
    if (this.#ledger) return this.#ledger;
    const ledger = this.ctx.storage.kv.get<Ledger>(LEDGER) ?? { depth: firstDepth(shard), generation: 0 };
    this.#journal = { entries: 0, characters: 0 };
    for (;;) {
      const entry = this.ctx.storage.kv.get<Entry>(entryKey(this.#journal.entries));
      if (entry?.generation !== ledger.generation) break;
      for (const { session, text } of entry.pushes) {
        this.#mergeAll(session, JSON.parse(text));
        this.#journal.characters += text.length;
      }
      this.#journal.entries += 1;
    }
    this.#ledger = ledger;
    return ledger;
  }

  /** Merges pushes that came together; returns how many of them were new. */
  #mergeAll(session: string, pushes: Push[]): number {
    let layouts: Layouts = {};
    let merged = 0;
    for (const push of pushes) {
      layouts = push.layouts ?? layouts;
      if (this.#merge(session, push, layouts)) merged += 1;
    }
    return merged;
  }

  /** Merges a push; returns whether it was new. What its layouts do not tell cannot be read. */
  #merge(session: string, { n, deltas }: Push, layouts: Layouts): boolean {
    const mark = markOf(session, deltas);
    const { merged } = this.#rowOrNew(mark);
    if ((merged.get(session)?.n ?? 0) >= n) return false;
    remember(merged, session, { n, at: Date.now() });
    this.#changed.add(mark);
    for (const [key, { anonymous_id, ...folded }] of Object.entries(deltas) as [RollupKey, Delta][]) {
      const layout = layouts[entityOf(key)];
      // A deployment may have begun, or ended, to define features of it since.
      const engine = this.definitions.rollups.get(entityOf(key))?.engine;
      if (!engine || !layout) continue;
      const row = this.#rowOrNew(key);
      engine.absorb(row.engine, engine.migrate({ ...layout, late: 0, too_late: 0, ...folded }).state);
      if (anonymous_id !== undefined && row.anonymous_ids.at(-1) !== anonymous_id) {
        const others = row.anonymous_ids.filter((known) => known !== anonymous_id);
        row.anonymous_ids = [...others, anonymous_id].slice(-MAX_ANONYMOUS_IDS);
      }
      this.#changed.add(key);
    }
    return true;
  }

  /** Writes what is fresh, at once or with what comes until the next write is due. */
  async #write(ledger: Ledger): Promise<void> {
    const early = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // No longer, whatever the clock does.
    if (early > 0) await scheduler.wait(Math.min(early, WRITE_EVERY_MS));
    this.#wroteAt = Date.now();
    const { characters } = this.#fresh;
    const { entries, characters: before } = this.#journal;
    const isTooMuch =
      entries >= JOURNAL.entries || characters > JOURNAL.of_entry || before + characters > JOURNAL.characters;
    try {
      if (isTooMuch) this.#writeRows(ledger);
      else this.#writeEntry(ledger);
      this.#fresh = { pushes: [], characters: 0 };
    } catch (error) {
      // What was stored counts: whoever waits for this is told, and comes again.
      this.#ledger = undefined;
      this.#rows.clear();
      this.#changed.clear();
      this.#fresh = { pushes: [], characters: 0 };
      throw error;
    }
  }

  #writeEntry({ generation }: Ledger): void {
    const { kv } = this.ctx.storage;
    const { pushes, characters } = this.#fresh;
    kv.put(entryKey(this.#journal.entries), { generation, pushes } satisfies Entry);
    this.#journal.entries += 1;
    this.#journal.characters += characters;
  }

  #writeRows(ledger: Ledger): void {
    const { kv } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      for (const key of this.#changed) kv.put(key, this.#rows.get(key));
      ledger.generation += 1;
      kv.put(LEDGER, ledger);
    });
    this.#changed.clear();
    this.#journal = { entries: 0, characters: 0 };
    if (this.#rows.size > MAX_CACHED) this.#forgetUnchanged();
  }

  #forgetUnchanged(): void {
    for (const key of this.#rows.keys()) if (!this.#changed.has(key)) this.#rows.delete(key);
  }

  /** Counts a push, and gives away a half of what is to come when there are too many. */
  #splitWhenHot(ledger: Ledger): void {
    const now = Date.now();
    if (Math.abs(now - this.#heat.since) > HOT.within_ms) this.#heat = { since: now, pushes: 0 };
    this.#heat.pushes += 1;
    if (this.#heat.pushes <= HOT.pushes || ledger.depth >= MAX_DEPTH) return;
    this.#heat = { since: now, pushes: 0 };
    ledger.depth += 1;
    this.ctx.storage.kv.put(LEDGER, ledger);
  }

  #engineOf(key: RollupKey) {
    const entity = entityOf(key);
    const engine = entity === "session" ? this.definitions.session : this.definitions.rollups.get(entity)?.engine;
    if (!engine) throw new Error(`no definition is about ${entity}`);
    return engine;
  }

  #row(key: RollupKey): Gathered | undefined {
    let row = this.#rows.get(key);
    if (!row) {
      row = this.ctx.storage.kv.get<Gathered>(key);
      if (!row) return undefined;
      row.engine = this.#engineOf(key).migrate(row.engine).state;
      this.#rows.set(key, row);
    }
    return row;
  }

  #rowOrNew(key: RollupKey): Gathered {
    let row = this.#row(key);
    if (!row) {
      row = { engine: this.#engineOf(key).zero(), merged: new Map(), anonymous_ids: [] };
      this.#rows.set(key, row);
    }
    return row;
  }
}

/** The row that keeps the number of a session's latest push: one that few other sessions come to. */
const markOf = (session: string, deltas: Push["deltas"]): RollupKey => {
  const [first] = Object.keys(deltas) as RollupKey[];
  return first !== undefined && entityOf(first) === "user" ? first : rollupKey("session", session);
};

/** Puts a session at the end, and forgets those at the front that are too old or too many. */
const remember = (merged: Gathered["merged"], session: string, latest: { n: number; at: number }): void => {
  merged.delete(session);
  merged.set(session, latest);
  for (const [oldest, { at }] of merged) {
    if (merged.size <= REMEMBER.sessions && at > latest.at - REMEMBER.ms) return;
    merged.delete(oldest);
  }
};
