import { DurableObject } from "cloudflare:workers";
import type { EngineState } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { Journal, type JournalPush } from "./journal.ts";
import { mergePushes } from "./merge.ts";
import type { Push, RollupKey } from "./push.ts";
import { EntityRows } from "./rows.ts";
import { firstDepth, MAX_DEPTH } from "./shards.ts";

/** What a shard answers of an entity. */
export interface ShardAnswer {
  /** How often the shard was split: see `splitOff`. */
  depth: number;
  /** `undefined` when it has heard nothing of the entity. */
  known?: { engine: EngineState; anonymous_ids: string[] };
}

/** What is true of the shard as a whole. */
interface ShardMeta {
  /** How often it was split. */
  depth: number;
  /** How often its rows were written; entries of the journal of an earlier one are in the rows. */
  generation: number;
}

/** A shard that is in memory: what is stored, with the journal merged into the rows. */
interface OpenShard {
  meta: ShardMeta;
  definitions: Definitions;
  rows: EntityRows;
}

// No key of an entity is this one: it has a colon.
const META = "ledger";

/** Least time from one write to the next, in milliseconds: what comes in between is written together. */
const WRITE_EVERY_MS = 250;

/** A shard that gets more than so many pushes in so many milliseconds is split. */
const HOT = { pushes: 1_500, within_ms: 5_000 };

/**
 * A shard of a site's rollups: what many sessions folded of its users, pages and other entities, merged, a row for each. A
 * push that comes again changes nothing, so that sessions may repeat what they do not know to have arrived: its number is kept
 * in the row of its user, or in one of the session when it is about no user. Pushes are written to a journal, one row for all that came at once, and
 * what they changed when there are many: whom many pushes are about is written once for all of them.
 */
export abstract class RollupObject extends DurableObject {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  readonly #journal = new Journal(this.ctx.storage.kv);
  #opened: OpenShard | undefined;
  /** Pushes that are not written at all. */
  #unwritten: { pushes: JournalPush[]; characters: number } = { pushes: [], characters: 0 };
  #writing: Promise<void> | undefined;
  #wroteAt = 0;
  #heat = { since: 0, pushes: 0 };

  /**
   * Merges a session's pushes, each unless it or a later one was merged before. When this returns they are durable, and how
   * often this shard was split is told.
   *
   * @param text Pushes in JSON, in the order of their numbers: less work to hand over, and to write, than what they say.
   */
  async apply(site: string, session: string, text: string): Promise<number> {
    const pushes = JSON.parse(text) as Push[];
    const [first] = pushes;
    if (!first) throw new Error("no push came");
    const shard = this.#open(site, first.shard);
    if (mergePushes(shard.rows, shard.definitions, session, pushes) > 0) {
      this.#unwritten.pushes.push({ session, text });
      this.#unwritten.characters += text.length;
    }
    this.#splitWhenHot(shard.meta);
    if (this.#unwritten.pushes.length > 0) {
      this.#writing ??= this.#write(shard).finally(() => {
        this.#writing = undefined;
      });
    }
    await this.#writing;
    return shard.meta.depth;
  }

  /** What this shard knows of an entity, merged but perhaps not written yet. */
  read(site: string, shard: number, key: RollupKey): ShardAnswer {
    const { meta, rows } = this.#open(site, shard);
    const known = rows.get(key);
    rows.trim();
    const { depth } = meta;
    return known ? { depth, known: { engine: known.engine, anonymous_ids: known.anonymous_ids } } : { depth };
  }

  #open(site: string, shard: number): OpenShard {
    if (this.#opened) return this.#opened;
    const { kv } = this.ctx.storage;
    const { definitions } = tenantOf(this.tenants, site);
    const meta = kv.get<ShardMeta>(META) ?? { depth: firstDepth(shard), generation: 0 };
    const rows = new EntityRows(kv, definitions);
    this.#journal.replay(meta.generation, ({ session, text }) => {
      mergePushes(rows, definitions, session, JSON.parse(text));
    });
    this.#opened = { meta, definitions, rows };
    return this.#opened;
  }

  /** Writes what is not written, at once or with what comes until the next write is due. */
  async #write({ meta, rows }: OpenShard): Promise<void> {
    const early = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // No longer, whatever the clock does.
    if (early > 0) await scheduler.wait(Math.min(early, WRITE_EVERY_MS));
    this.#wroteAt = Date.now();
    const { pushes, characters } = this.#unwritten;
    try {
      if (this.#journal.isFullFor(characters)) this.#writeRows(meta, rows);
      else this.#journal.append(meta.generation, pushes, characters);
    } catch (error) {
      // What was stored counts: whoever waits for this is told, and comes again.
      this.#opened = undefined;
      throw error;
    } finally {
      this.#unwritten = { pushes: [], characters: 0 };
    }
  }

  #writeRows(meta: ShardMeta, rows: EntityRows): void {
    this.ctx.storage.transactionSync(() => {
      rows.write();
      meta.generation += 1;
      this.ctx.storage.kv.put(META, meta);
    });
    rows.written();
    this.#journal.clear();
  }

  /** Counts a push, and gives away a half of what is to come when there are too many. */
  #splitWhenHot(meta: ShardMeta): void {
    const now = Date.now();
    if (Math.abs(now - this.#heat.since) > HOT.within_ms) this.#heat = { since: now, pushes: 0 };
    this.#heat.pushes += 1;
    if (this.#heat.pushes <= HOT.pushes || meta.depth >= MAX_DEPTH) return;
    this.#heat = { since: now, pushes: 0 };
    meta.depth += 1;
    this.ctx.storage.kv.put(META, meta);
  }
}
