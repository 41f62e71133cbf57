import type { AlertState, Silence } from "./alert-state.ts";
import { type History, thinned } from "./history.ts";

const KEYS = "alert series";
const MAY_END_FROM = "alerts may end from";

/** Distance of stored snapshots, in milliseconds. After a restart the history has one a minute of the latest minutes. */
const SNAPSHOT_MS = 60_000;

/** The stored states of alerts, silences and snapshots of metrics. */
export class AlertStore {
  readonly #storage: DurableObjectStorage;
  readonly #written = new Map<string, string>();
  #keys = 0;
  #moves = 0;
  #storedAt = Number.NEGATIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    storage.sql.exec("CREATE TABLE IF NOT EXISTS alert_state (key TEXT PRIMARY KEY, state TEXT NOT NULL)");
    storage.sql.exec("CREATE TABLE IF NOT EXISTS silence (id TEXT PRIMARY KEY, silence TEXT NOT NULL)");
    storage.sql.exec("CREATE TABLE IF NOT EXISTS alert_snapshot (at INTEGER PRIMARY KEY, samples BLOB NOT NULL)");
  }

  /** Reads the states. */
  states(): AlertState[] {
    const rows = this.#storage.sql.exec<{ key: string; state: string }>("SELECT key, state FROM alert_state").toArray();
    for (const { key, state } of rows) this.#written.set(key, state);
    return rows.map(({ state }) => JSON.parse(state));
  }

  /** Writes the states that have changed. A change of the value alone is not stored. */
  writeStates(states: readonly AlertState[]): void {
    const keys = new Set(states.map(({ key }) => key));
    for (const key of [...this.#written.keys()].filter((each) => !keys.has(each))) {
      this.#storage.sql.exec("DELETE FROM alert_state WHERE key = ?", key);
      this.#written.delete(key);
    }
    for (const state of states) {
      const before = this.#written.get(state.key);
      const value = before === undefined ? state.value : (JSON.parse(before) as AlertState).value;
      if (JSON.stringify({ ...state, value }) === before) continue;
      const text = JSON.stringify(state);
      this.#storage.sql.exec("INSERT OR REPLACE INTO alert_state VALUES (?, ?)", state.key, text);
      this.#written.set(state.key, text);
    }
  }

  /** Time from which alerts may be resolved, in UTC milliseconds. */
  get mayEndFrom(): number {
    return this.#storage.kv.get<number>(MAY_END_FROM) ?? Number.NEGATIVE_INFINITY;
  }

  set mayEndFrom(at: number) {
    this.#storage.kv.put(MAY_END_FROM, at);
  }

  /** The silences that have not ended. Those that have ended are deleted. */
  silences(now: number): Silence[] {
    const all = this.#storage.sql
      .exec<{ silence: string }>("SELECT silence FROM silence")
      .toArray()
      .map(({ silence }): Silence => JSON.parse(silence));
    for (const { id, until } of all) if (until <= now) this.removeSilence(id);
    return all.filter(({ until }) => until > now);
  }

  addSilence(silence: Silence): void {
    this.#storage.sql.exec("INSERT OR REPLACE INTO silence VALUES (?, ?)", silence.id, JSON.stringify(silence));
  }

  /** Removes a silence. @returns Whether there was one. */
  removeSilence(id: string): boolean {
    return this.#storage.sql.exec("DELETE FROM silence WHERE id = ? RETURNING id", id).toArray().length > 0;
  }

  /** Reads the snapshots into a history. */
  readHistory(history: History): void {
    const keys = this.#storage.kv.get<string[]>(KEYS) ?? [];
    const snapshots = this.#storage.sql
      .exec<{ at: number; samples: ArrayBuffer }>("SELECT at, samples FROM alert_snapshot ORDER BY at")
      .toArray()
      .map(({ at, samples }) => ({ at, values: new Float64Array(samples) }));
    history.restore(keys, snapshots);
    this.#keys = keys.length;
    this.#storedAt = snapshots.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  }

  /** Writes the latest snapshot of a history, once a minute. */
  writeHistory(history: History): void {
    const latest = history.snapshots.at(-1);
    const minute = (at: number) => Math.floor(at / SNAPSHOT_MS);
    if (!latest || minute(latest.at) === minute(this.#storedAt)) return;
    const { sql, kv } = this.#storage;
    const { keys, moves } = history;
    this.#storage.transactionSync(() => {
      if (moves !== this.#moves || keys.length !== this.#keys) kv.put(KEYS, keys);
      const stored = sql.exec<{ at: number }>("SELECT at FROM alert_snapshot ORDER BY at").toArray();
      // The values of all snapshots have other places now.
      if (moves !== this.#moves) {
        const own = new Map(history.snapshots.map((each) => [each.at, each.values]));
        for (const { at } of stored) {
          const values = own.get(at);
          if (values) this.#put(at, values);
          else sql.exec("DELETE FROM alert_snapshot WHERE at = ?", at);
        }
      }
      this.#put(latest.at, latest.values);
      const kept = new Set(thinned([...stored, { at: latest.at }], latest.at).map(({ at }) => at));
      for (const { at } of stored)
        if (!kept.has(at) || at > latest.at) sql.exec("DELETE FROM alert_snapshot WHERE at = ?", at);
    });
    this.#keys = keys.length;
    this.#moves = moves;
    this.#storedAt = latest.at;
  }

  #put(at: number, { buffer }: Float64Array): void {
    this.#storage.sql.exec("INSERT OR REPLACE INTO alert_snapshot VALUES (?, ?)", at, buffer as ArrayBuffer);
  }
}
