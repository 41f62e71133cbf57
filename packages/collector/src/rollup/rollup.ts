import { DurableObject } from "cloudflare:workers";
import type { EngineState } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { Journal, type JournalPush } from "./journal.ts";
import { mergePushes } from "./merge.ts";
import type { Push, RollupKey } from "./push.ts";
import { EntityRows } from "./rows.ts";
import { initialDepth, MAX_DEPTH } from "./shards.ts";

/** A shard's response to the read of an entity. */
export interface ShardResponse {
  /** Number of times that the shard was split: see `childShards`. */
  depth: number;
  /** The merged state of the entity; absent if the shard has no row for it. */
  row?: { engine: EngineState; anonymous_ids: string[] };
}

/** The stored metadata of a shard. */
interface ShardMeta {
  /** Number of times that the shard was split. */
  depth: number;
  /** Number of times that the rows were written. Journal entries of an earlier generation are in the rows. */
  generation: number;
}

/** A shard in memory: its rows, including the journal. */
interface OpenShard {
  meta: ShardMeta;
  definitions: Definitions;
  rows: EntityRows;
}

// It differs from all keys of entities, which contain a colon.
const META = "meta";

/** Minimum time from one write to the next, in milliseconds. Pushes that arrive within it are written together. */
const WRITE_EVERY_MS = 250;

/** Load limit of a shard: more calls within the time split it. */
const HOT = { calls: 1_500, within_ms: 5_000 };

/**
 * The Durable Object of a shard of a site's rollups. It merges the pushes of many sessions into one row for each user,
 * page or custom entity.
 *
 * A session repeats each push until it is confirmed, and a repeated push changes nothing. To recognise it, the shard
 * stores the number of a session's latest push: in the row of its user, or else in a row of the session.
 *
 * Pushes are written to a journal, with one entry for all that arrive together. A full journal makes the shard write
 * its changed rows, so that a row that many pushes change is written once.
 */
export abstract class RollupObject extends DurableObject {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  readonly #journal = new Journal(this.ctx.storage.kv);
  #opened: OpenShard | undefined;
  /** Pushes that are neither in the journal nor in the stored rows. */
  #unwritten: { pushes: JournalPush[]; characters: number } = { pushes: [], characters: 0 };
  #writing: Promise<void> | undefined;
  #wroteAt = 0;
  #recent = { since: 0, calls: 0 };

  /**
   * Merges a session's pushes and makes them durable. It skips a push if that push or a later one was merged before.
   *
   * @param text Pushes as JSON, in the order of their numbers. A text costs less to transfer and to write than its
   * value.
   * @returns The number of times that this shard was split.
   */
  async apply(site: string, session: string, text: string): Promise<number> {
    const pushes = JSON.parse(text) as Push[];
    const [first] = pushes;
    if (!first) throw new Error("expected at least one push");
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

  /** Reads the shard's state of an entity, including pushes that are not written yet. */
  read(site: string, shard: number, key: RollupKey): ShardResponse {
    const { meta, rows } = this.#open(site, shard);
    const row = rows.get(key);
    rows.trim();
    const { depth } = meta;
    return row ? { depth, row: { engine: row.engine, anonymous_ids: row.anonymous_ids } } : { depth };
  }

  #open(site: string, shard: number): OpenShard {
    if (this.#opened) return this.#opened;
    const { kv } = this.ctx.storage;
    const { definitions } = tenantOf(this.tenants, site);
    const meta = kv.get<ShardMeta>(META) ?? { depth: initialDepth(shard), generation: 0 };
    const rows = new EntityRows(kv, definitions);
    this.#journal.replay(meta.generation, ({ session, text }) => {
      mergePushes(rows, definitions, session, JSON.parse(text));
    });
    this.#opened = { meta, definitions, rows };
    return this.#opened;
  }

  /**
   * Writes all unwritten pushes immediately or, within {@link WRITE_EVERY_MS} of the last write, together with later
   * ones.
   */
  async #write({ meta, rows }: OpenShard): Promise<void> {
    const remaining = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // The minimum limits the wait after the clock was set back.
    if (remaining > 0) await scheduler.wait(Math.min(remaining, WRITE_EVERY_MS));
    this.#wroteAt = Date.now();
    const { pushes, characters } = this.#unwritten;
    try {
      if (this.#journal.isFullFor(characters)) this.#writeRows(meta, rows);
      else this.#journal.append(meta.generation, pushes, characters);
    } catch (error) {
      // The next call reads the stored rows again. All sessions that wait for this write receive the error and repeat
      // their pushes.
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
    rows.markWritten();
    this.#journal.clear();
  }

  /** Counts a call, and splits a shard with too many: half of its sessions then move to a new shard. */
  #splitWhenHot(meta: ShardMeta): void {
    const now = Date.now();
    if (Math.abs(now - this.#recent.since) > HOT.within_ms) this.#recent = { since: now, calls: 0 };
    this.#recent.calls += 1;
    if (this.#recent.calls <= HOT.calls || meta.depth >= MAX_DEPTH) return;
    this.#recent = { since: now, calls: 0 };
    meta.depth += 1;
    this.ctx.storage.kv.put(META, meta);
  }
}
