import type { LogRecord } from "@tidemark/schema/log";
import type { Env } from "../env.ts";

/** A record of the log as sinks receive it. */
export interface SinkRecord {
  /** Stable: `<session>/<tab>/<seq>` of an event, `<site>/<partition>/<offset>` of any other record. */
  id: string;
  /** The id of the record's session; the site's id for a record without a session. */
  key: string;
  record: LogRecord;
}

/** Successive records, cut once and sent unchanged until each is delivered or refused. */
export interface Cut {
  /** `<site>/<partition>/<first offset>-<last offset>`: the same at each attempt. */
  id: string;
  /** UTC milliseconds of the cut: the same at each attempt. */
  at: number;
  records: readonly SinkRecord[];
  /** Indexes of the records that are neither delivered nor refused yet, in ascending order. */
  pending: readonly number[];
}

/** The outcome of one record. */
export type SinkOutcome =
  /** The target has stored the record. */
  | { type: "delivered" }
  /** The record is sent again, after `afterMs` if the sink names a time: 0 for at once. Default: a backoff. */
  | { type: "retry"; reason: string; afterMs?: number }
  /** The record is never sent again, and goes to the sink's dead letters. */
  | { type: "refused"; reason: string };

/** The surroundings of an attempt. */
export interface SinkContext {
  /** The deployment's environment, with the secrets that settings name. */
  env: Env;
  /** Ends the attempt when its time is over. */
  signal: AbortSignal;
  site: string;
  partition: number;
}

/** The outcomes of an attempt. */
export interface Attempt<State> {
  /** The outcomes of {@link Cut.pending}, in this order. */
  outcomes: SinkOutcome[];
  /** The state to commit together with the outcomes. Absent if it has not changed. */
  state?: State;
  /** Number of the delivered records that the target may have stored twice. Default: 0. */
  uncertain?: number;
}

/**
 * A target of records. The caller keeps the state, and commits it together with the cut or the outcomes to which it belongs.
 *
 * @typeParam State A plain object that can be cloned and written as JSON. Its field `version` counts its formats.
 */
export interface Sink<State = unknown> {
  /** Largest number of records, and of bytes of their JSON, in a cut. */
  readonly limits: { records: number; bytes: number };
  /**
   * Longest time for which records gather until they fill a cut, in milliseconds. Default: 0, so that they are sent at once.
   */
  readonly gatherMs?: number;
  /**
   * Returns the state for a new cut. The caller commits both together before the first attempt. Only sinks that need memory
   * have this function, and it does not throw for a failure of the target.
   *
   * @param state The state after the previous cut. `undefined` at the first one.
   */
  plan?(cut: Cut, state: State | undefined, context: SinkContext): Promise<State>;
  /**
   * Sends the pending records of a cut once. It does not throw for a failure of the target: that is a `retry`.
   *
   * @param state The latest committed state. `undefined` for a sink without `plan`.
   */
  attempt(cut: Cut, state: State | undefined, context: SinkContext): Promise<Attempt<State>>;
}
