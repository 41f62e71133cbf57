import {
  type EngineState,
  type FedIds,
  packCells,
  type Touches,
  totalsUnknownUntil,
  unpackCells,
  type ViewTotals,
} from "@tidemark/engine";
import type { Consent, DeliveryCounts, FeatureValue } from "@tidemark/schema";
import type { Activity } from "./activity.ts";
import type { DueList } from "./due.ts";
import type { StoredGoals } from "./goals.ts";
import type { PushQueue } from "./pushes.ts";
import { decode, encode } from "./row-codec.ts";
import type { Tab } from "./tab/tab.ts";
import { newUnsent, type Unsent } from "./unsent.ts";
import type { WebhookQueue } from "./webhooks.ts";

/**
 * Version of {@link StoredSession}. A change that an earlier release must not read adds one, and `restoreSession` converts
 * the version before.
 */
export const SESSION_VERSION = 1;

/** The predictions of a session by models that run on change. */
interface StoredPredictions {
  /** The latest ones by model: version, value, and UTC milliseconds by the collector's clock. */
  latest: Record<string, [version: number, value: number, time: number]>;
  /** Hash of the latest input of each version that has run, by `<model>:<version>`. */
  inputs: Record<string, number>;
}

/** The latest firing of a reaction in a session. */
export interface StoredReaction {
  /** UTC milliseconds by the collector's clock. */
  fired_at: number;
  /** Absent in a firing that is not for the page, and once it is acknowledged or has expired. */
  pending?: PendingReaction;
}

/** A firing that the page has not acknowledged. */
interface PendingReaction {
  id: string;
  /** UTC milliseconds by the collector's clock. */
  expires_at: number;
  /** Hash of the id of the only user that may receive it; `null` while the session has no user. */
  user: number | null;
}

/** The reactions of a session. */
export interface StoredReactions {
  /** The firings, by the reaction's name. */
  latest: Record<string, StoredReaction>;
  /** The latest user that a batch named; absent without one, and without consent to personalisation. */
  user?: NamedUser | undefined;
}

/** A user that a batch named. */
export interface NamedUser {
  /** Hash of the user's id. */
  hash: number;
  /** The id; absent for a claim, for which no server vouches although the site requires it. */
  id?: string;
  /** Whether a later batch of a page named no user. Absent in one of an earlier release. */
  is_absent?: true;
}

/** The state of a session: one value in one row. */
export interface StoredSession {
  /** {@link SESSION_VERSION} of the release that stored it; absent in a release without versions. */
  version?: number;
  site: string;
  session_id: string;
  /** Hash of the anonymous id of the first batch, and UTC milliseconds of its arrival: see `SessionSender`. */
  visitor_hash: number;
  began_at: number;
  /**
   * SHA-256 of the secret in the first batch, in hexadecimal digits; absent if it had none. Only a page with the secret
   * may read the session.
   */
  secret_hash?: string | undefined;
  definition_version: string;
  tabs: Map<string, Tab>;
  engine: EngineState;
  totals: ViewTotals;
  push_queue: PushQueue;
  /** The ids of users, pages and custom entities that the session feeds. */
  fed: FedIds;
  /** The pages that the session viewed, if features credit pages; absent before the first one. */
  touches?: Touches;
  /** The records for the log that the partition has not confirmed, and the number of all records so far. */
  unsent: Unsent;
  arrivals: number;
  /** The number of those that are neither events nor final vectors; absent before the first one. */
  other_records?: number;
  /** The id in records without consent to personalisation, instead of the anonymous id; `null` before the first one. */
  pseudonym: string | null;
  /** The anonymous id or pseudonym in the latest record; `null` before the first one. */
  recorded_id: string | null;
  /** The user in the latest record; `null` without one, and without consent to personalisation. */
  recorded_user: string | null;
  /** UTC milliseconds at which the latest event that counted was received; `null` before the first. */
  latest_received_at: number | null;
  due: DueList;
  /** Whether no event has counted since `final`. */
  closed: boolean;
  final: Final | null;
  /** The visitor's consent at the latest event. */
  consent?: Consent | undefined;
  /** Absent before the first prediction, and without consent to personalisation. */
  predictions?: StoredPredictions;
  /** Absent before the first firing and the first user, and without reactions of the site. */
  reactions?: StoredReactions;
  /** Absent before the first goal and the first prediction, and without goals of the site. */
  goals?: StoredGoals;
  /** The messages for the webhook of the site; absent without one. */
  webhooks?: WebhookQueue;
  /** The latest page views and actions. Absent before the first one, and without consent to personalisation. */
  activity?: Activity;
}

/** The final vector of a session, written each time the session closes. */
interface Final {
  /** 1 for the first final vector; each correction adds 1. */
  version: number;
  /** UTC milliseconds, by the collector's clock. */
  closed_at: number;
  definition_version: string;
  /** Time of the latest event. The features are computed at this time, as in a replay. */
  event_time: number;
  features: Record<string, FeatureValue>;
  late: number;
  too_late: number;
  /** The visitor's consent at the latest event. */
  consent?: Consent | undefined;
  delivery: DeliveryCounts;
}

/**
 * The table, named after the layout of its row. A table of another layout is not read: its session starts from scratch.
 */
const TABLE = "session_v6";

/** The table without a column of unsent records. */
const EARLIER_TABLE = "session_v5";

/**
 * The state as it is encoded in the row. The bytes of the unsent records are in a column of their own. The values of
 * `totals` follow the cells of the engine, which mostly have the same lists.
 */
type Packed = Omit<StoredSession, "tabs" | "totals" | "unsent"> & {
  tabs: [string, Tab][];
  /** Names of the totals; absent in a row of an earlier version. */
  totals?: string[];
  unsent: Omit<Unsent, "bytes">;
};

/**
 * The row of a session: one value in MessagePack, which is shorter than JSON, padded with zeros.
 *
 * SQLite writes a value of the same length into the same pages, and skips unchanged pages. A value of another length
 * takes new pages and frees the old ones, which doubles the bytes to write. The padded length therefore fills whole
 * pages and never shrinks.
 */
export class Row {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** Length of the stored value, in bytes; 0 without a row. */
  #length = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** Reads the stored state; `undefined` without a row. */
  read(): StoredSession | undefined {
    if (this.#has(EARLIER_TABLE)) {
      this.#sql.exec(`ALTER TABLE ${EARLIER_TABLE} RENAME TO ${TABLE}`);
      this.#sql.exec(`ALTER TABLE ${TABLE} ADD COLUMN unsent BLOB`);
    }
    if (!this.#has(TABLE)) return undefined;
    const [row] = this.#sql
      .exec<{ state: ArrayBuffer; unsent: ArrayBuffer | null }>(`SELECT state, unsent FROM ${TABLE}`)
      .toArray();
    if (!row) return undefined;
    this.#length = row.state.byteLength;
    const { tabs, engine, totals: names, unsent, ...rest } = decode(row.state) as Packed;
    const cells = unpackCells(engine.cells);
    const totals = names && Object.fromEntries(names.map((name, place) => [name, cells.at(place - names.length)]));
    if (names) cells.length -= names.length;
    return {
      ...rest,
      tabs: new Map(tabs),
      engine: { ...engine, cells },
      totals: (totals ?? totalsUnknownUntil(engine.event_time ?? 0)) as ViewTotals,
      unsent: { ...newUnsent(), ...unsent, bytes: new Uint8Array(row.unsent ?? []) },
    };
  }

  write(stored: StoredSession): void {
    const { session_id, tabs, engine, totals, unsent, ...rest } = stored;
    const { bytes, ...parts } = unsent;
    const value: Packed = {
      ...rest,
      session_id,
      tabs: [...tabs],
      engine: { ...engine, cells: packCells([...engine.cells, ...Object.values(totals)]) },
      totals: Object.keys(totals),
      unsent: parts,
    };
    const state = encode(value, this.#length);
    if (this.#length === 0) {
      this.#sql.exec(
        `CREATE TABLE IF NOT EXISTS ${TABLE} (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, state BLOB NOT NULL, unsent BLOB)`,
      );
    }
    // The column session_id, which the update does not set, makes SQLite compare the new row with the old one.
    this.#sql.exec(
      `INSERT INTO ${TABLE} VALUES (1, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state, unsent = excluded.unsent`,
      session_id,
      state,
      bytes,
    );
    this.#length = state.length;
  }

  /** Deletes the row, and everything else in the storage of the object. */
  deleteAll(): Promise<void> {
    this.#length = 0;
    return this.#storage.deleteAll();
  }

  #has(table: string): boolean {
    return this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
  }
}
