import type { EngineState } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { entityOf, type RollupKey } from "./push.ts";

/** What a shard knows of a user, page or other entity: one row. */
export interface EntityRow {
  engine: EngineState;
  /** Of a user or a session: by session, the number of the latest push that was merged and when; the one heard longest ago first. */
  merged: Map<string, { n: number; at: number }>;
  /** The latest browsers of an identified user, the latest last. */
  anonymous_ids: string[];
}

/** Most rows that are kept in memory without need. */
const MAX_CACHED = 1_000;

/** A shard's rows: read once, changed in memory, written together. */
export class EntityRows {
  readonly #kv: SyncKvStorage;
  readonly #definitions: Definitions;
  #rows = new Map<RollupKey, EntityRow>();
  /** Rows that say more than is written of them. */
  #changed = new Set<RollupKey>();

  constructor(kv: SyncKvStorage, definitions: Definitions) {
    this.#kv = kv;
    this.#definitions = definitions;
  }

  /** The row of an entity; `undefined` when nothing is known of it. */
  get(key: RollupKey): EntityRow | undefined {
    let row = this.#rows.get(key);
    if (!row) {
      row = this.#kv.get<EntityRow>(key);
      if (!row) return undefined;
      row.engine = this.#engineOf(key).migrate(row.engine).state;
      this.#rows.set(key, row);
    }
    return row;
  }

  /** The row of an entity, or a new one, which is about to be changed. */
  change(key: RollupKey): EntityRow {
    let row = this.get(key);
    if (!row) {
      row = { engine: this.#engineOf(key).zero(), merged: new Map(), anonymous_ids: [] };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** Notes that a row was changed. */
  changed(key: RollupKey): void {
    this.#changed.add(key);
  }

  /** Writes the changed rows. To be called in a transaction. */
  write(): void {
    for (const key of this.#changed) this.#kv.put(key, this.#rows.get(key));
  }

  /** Notes that what {@link write} wrote is stored. */
  written(): void {
    this.#changed.clear();
    if (this.#rows.size > MAX_CACHED) this.#forgetUnchanged();
  }

  /** Forgets rows that only reads have brought into memory, when they are many. */
  trim(): void {
    if (this.#rows.size > 2 * MAX_CACHED) this.#forgetUnchanged();
  }

  #forgetUnchanged(): void {
    for (const key of this.#rows.keys()) if (!this.#changed.has(key)) this.#rows.delete(key);
  }

  #engineOf(key: RollupKey) {
    const entity = entityOf(key);
    const engine = entity === "session" ? this.#definitions.session : this.#definitions.rollups.get(entity)?.engine;
    if (!engine) throw new Error(`no definition is about ${entity}`);
    return engine;
  }
}
