import type { EngineState } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { entityOf, type RollupKey } from "./push.ts";

/** A shard's state of a user, page or custom entity: one row. */
export interface EntityRow {
  engine: EngineState;
  /** In the row of a user or session: number and time of the latest merged push by session, the oldest first. */
  latest_pushes: Map<string, { n: number; at: number }>;
  /** The anonymous ids of the latest browsers of an identified user, the latest last. */
  anonymous_ids: string[];
}

/** Maximum number of unchanged rows in memory. */
const MAX_CACHED = 1_000;

/** The rows of a shard: read once, changed in memory, written together. */
export class EntityRows {
  readonly #kv: SyncKvStorage;
  readonly #definitions: Definitions;
  #rows = new Map<RollupKey, EntityRow>();
  /** Keys of rows with unwritten changes. */
  #changed = new Set<RollupKey>();

  constructor(kv: SyncKvStorage, definitions: Definitions) {
    this.#kv = kv;
    this.#definitions = definitions;
  }

  /** Returns the row of an entity; `undefined` if it has none. */
  get(key: RollupKey): EntityRow | undefined {
    let row = this.#rows.get(key);
    if (!row) {
      row = this.#kv.get<EntityRow>(key);
      // A row of another layout is not read: its entity starts from scratch.
      if (!row?.latest_pushes) return undefined;
      row.engine = this.#engineOf(key).migrate(row.engine).state;
      this.#rows.set(key, row);
    }
    return row;
  }

  /** Returns the row of an entity for a change, and creates it if needed. */
  getOrCreate(key: RollupKey): EntityRow {
    let row = this.get(key);
    if (!row) {
      row = { engine: this.#engineOf(key).emptyState(), latest_pushes: new Map(), anonymous_ids: [] };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** Marks a row as changed. */
  markChanged(key: RollupKey): void {
    this.#changed.add(key);
  }

  /** Writes the changed rows. Call it in a transaction. */
  write(): void {
    for (const key of this.#changed) this.#kv.put(key, this.#rows.get(key));
  }

  /** Marks all rows as unchanged, after the transaction of {@link write}. */
  markWritten(): void {
    this.#changed.clear();
    if (this.#rows.size > MAX_CACHED) this.#removeUnchanged();
  }

  /** Removes unchanged rows from memory if there are too many, as after many reads. */
  trim(): void {
    if (this.#rows.size > 2 * MAX_CACHED) this.#removeUnchanged();
  }

  #removeUnchanged(): void {
    for (const key of this.#rows.keys()) if (!this.#changed.has(key)) this.#rows.delete(key);
  }

  #engineOf(key: RollupKey) {
    const entity = entityOf(key);
    const engine = entity === "session" ? this.#definitions.session : this.#definitions.rollups.get(entity)?.engine;
    if (!engine) throw new Error(`no feature is defined for ${entity}`);
    return engine;
  }
}
