import { DurableObject } from "cloudflare:workers";
import type { Definitions } from "../definitions.ts";
import type { EngineState } from "../engine/engine.ts";
import { entityOf, type Push, type RollupKey } from "./push.ts";
import { firstDepth, MAX_DEPTH } from "./shards.ts";

/** What a shard knows of a user, page or other entity: one row. */
interface Gathered {
  engine: EngineState;
  /** Of a user: by session, the number of the latest push that was merged and when; the one heard longest ago first. */
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

const DEPTH = "depth";

/** Least time from one write to the next, in milliseconds: what comes in between is written together. */
const WRITE_EVERY_MS = 250;

/** A shard that gets more than so many pushes in so many milliseconds is split. */
const HOT = { pushes: 1_500, within_ms: 5_000 };

/** How long the sessions of a user are remembered, and how many at most: the time within which a push may come again. */
const REMEMBER = { ms: 86_400_000, sessions: 512 };

/** Browsers that are remembered of a user. */
const MAX_ANONYMOUS_IDS = 16;

/** Most rows that are kept in memory between writes. */
const MAX_CACHED = 1_000;

/**
 * A shard of a site's rollups: what many sessions folded of its users, pages and other entities, merged, a row for each. A
 * push that comes again changes nothing, so that sessions may repeat what they do not know to have arrived: its number is kept
 * in the row of its user, which is written with it.
 */
export abstract class RollupObject extends DurableObject {
  /** The definitions of this deployment, compiled. */
  protected abstract readonly definitions: Definitions;

  #rows = new Map<RollupKey, Gathered>();
  #changed = new Set<RollupKey>();
  #writing: Promise<void> | undefined;
  #wroteAt = 0;
  #depth: number | undefined;
  #heat = { since: 0, pushes: 0 };

  /**
   * Merges a session's pushes, each unless it or a later one was merged before. When this returns they are durable, and how
   * often this shard was split is told.
   */
  async apply(session: string, pushes: Push[]): Promise<number> {
    const [first] = pushes;
    if (!first) throw new Error("no push came");
    for (const push of pushes) this.#merge(session, push);
    const depth = this.#splitWhenHot(first.shard);
    if (this.#changed.size > 0) {
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    }
    await this.#writing;
    return depth;
  }

  /** What this shard knows of an entity, merged but perhaps not written yet. */
  read(shard: number, key: RollupKey): Share {
    const known = this.#row(key);
    const depth = this.#depthOf(shard);
    return known ? { depth, known: { engine: known.engine, anonymous_ids: known.anonymous_ids } } : { depth };
  }

  #merge(session: string, { n, deltas }: Push): void {
    const [user] = deltas.keys();
    if (user === undefined) return;
    const { merged } = this.#rowOrNew(user);
    if ((merged.get(session)?.n ?? 0) >= n) return;
    remember(merged, session, { n, at: Date.now() });
    for (const [key, { state, anonymous_id }] of deltas) {
      const row = this.#rowOrNew(key);
      const engine = this.#engineOf(key);
      engine.absorb(row.engine, engine.migrate(state).state);
      if (anonymous_id !== undefined && row.anonymous_ids.at(-1) !== anonymous_id) {
        const others = row.anonymous_ids.filter((known) => known !== anonymous_id);
        row.anonymous_ids = [...others, anonymous_id].slice(-MAX_ANONYMOUS_IDS);
      }
      this.#changed.add(key);
    }
  }

  /** Writes what changed, at once or with what comes until the next write is due. */
  async #write(): Promise<void> {
    try {
      const early = this.#wroteAt + WRITE_EVERY_MS - Date.now();
      // No longer, whatever the clock does.
      if (early > 0) await scheduler.wait(Math.min(early, WRITE_EVERY_MS));
      this.#wroteAt = Date.now();
      this.ctx.storage.transactionSync(() => {
        for (const key of this.#changed) this.ctx.storage.kv.put(key, this.#rows.get(key));
      });
    } catch (error) {
      // What was stored counts: whoever waits for this is told, and comes again.
      this.#rows.clear();
      throw error;
    } finally {
      this.#changed.clear();
      if (this.#rows.size > MAX_CACHED) this.#rows.clear();
    }
  }

  /** Counts a push, and gives away a half of what is to come when there are too many. Returns the depth. */
  #splitWhenHot(shard: number): number {
    const depth = this.#depthOf(shard);
    const now = Date.now();
    if (Math.abs(now - this.#heat.since) > HOT.within_ms) this.#heat = { since: now, pushes: 0 };
    this.#heat.pushes += 1;
    if (this.#heat.pushes <= HOT.pushes || depth >= MAX_DEPTH) return depth;
    this.#heat = { since: now, pushes: 0 };
    this.ctx.storage.kv.put(DEPTH, depth + 1);
    this.#depth = depth + 1;
    return this.#depth;
  }

  #depthOf(shard: number): number {
    this.#depth ??= this.ctx.storage.kv.get<number>(DEPTH) ?? firstDepth(shard);
    return this.#depth;
  }

  #engineOf(key: RollupKey) {
    const known = this.definitions.rollups.get(entityOf(key));
    if (!known) throw new Error(`no definition is about ${entityOf(key)}`);
    return known.engine;
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

/** Puts a session at the end, and forgets those at the front that are too old or too many. */
const remember = (merged: Gathered["merged"], session: string, latest: { n: number; at: number }): void => {
  merged.delete(session);
  merged.set(session, latest);
  for (const [oldest, { at }] of merged) {
    if (merged.size <= REMEMBER.sessions && at > latest.at - REMEMBER.ms) return;
    merged.delete(oldest);
  }
};
