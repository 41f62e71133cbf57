import { versionOf } from "@tidemark/collector/definition-version";
import {
  type Engine,
  type EngineState,
  entityEngine,
  type LoggedEvent,
  type ViewTotals,
  withGrowth,
} from "@tidemark/engine";
import type { Feature, FeatureValue } from "@tidemark/schema";
import { featuresOf } from "@tidemark/schema/entities";
import { eventIn, type VectorContent, vectorColumns, vectorIn } from "@tidemark/schema/log";
import { columnsRead } from "./columns-read.ts";
import type { Database } from "./database.ts";
import { EVENT_ID } from "./query-views.ts";
import { readRows } from "./stored-rows.ts";
import type { TimeRange } from "./time-range.ts";

/** A difference between the log and what was served, or a fault of the log itself. */
export interface Disagreement {
  /**
   * - `feature`: a value of a vector
   * - `lateness`: a vector's event time, or its number of late events
   * - `duplicate`: an event that is in the log more than once
   * - `order`: a record that does not follow the one before it
   */
  problem: "duplicate" | "feature" | "lateness" | "order";
  session_id: string;
  /** The event: for a vector, the latest one in it. */
  event_id?: string;
  /** Number of the vector in its session. */
  version?: number;
  /** Name of the feature or the count. */
  feature?: string;
  /** The value that was served. */
  served?: FeatureValue;
  /** The value of the replayed log. */
  replayed?: FeatureValue;
  /** The fault of the log, for a person. */
  message?: string;
}

/** The result of {@link verifyLog}. */
export interface Verification {
  events: number;
  sessions: number;
  /** Number of compared vectors. */
  vectors: number;
  disagreements: number;
  /** Number of sessions without a vector after their latest event: they are open. */
  open: number;
  /** Number of vectors that are not compared, because the log does not have their session's first records. */
  incomplete: number;
  /** Number of vectors that other definitions produced. Their features are not compared. */
  other_definitions: number;
  /** Features of these vectors that differ now. */
  changed_features: string[];
}

/** Number of events that are replayed at a time. */
const PART = 500_000;

const RECORDS = `SELECT session_id, partition, "offset", arrival, received_at FROM log_events
  UNION ALL SELECT session_id, partition, "offset", arrival, received_at FROM log_vectors
  UNION ALL SELECT session_id, partition, "offset", arrival, received_at FROM log_records WHERE session_id IS NOT NULL`;

/** A vector that was served. */
interface ServedVector extends VectorContent {
  arrival: number;
  received_at: number;
}

/** Whether a value was served as a replay has it. JSON has one zero only. */
const isEqual = (served: FeatureValue | undefined, replayed: FeatureValue | undefined): boolean =>
  JSON.stringify(served ?? null) === JSON.stringify(replayed ?? null);

/** Finds events that are there more than once, and records that do not follow the one before in their session. */
const checkRecords = async (database: Database, report: (found: Disagreement) => void): Promise<void> => {
  const duplicates = await database.all(
    `SELECT session_id, ${EVENT_ID} AS event_id, count(*) AS copies FROM log_events GROUP BY session_id, tab_id, seq HAVING count(*) > 1 ORDER BY event_id`,
  );
  for (const { session_id, event_id, copies } of duplicates)
    report({
      problem: "duplicate",
      session_id: session_id as string,
      event_id: event_id as string,
      message: `the event is in the log ${copies} times`,
    });
  const unordered = await database.all(
    `SELECT session_id, arrival, lag(arrival) OVER session AS previous FROM (${RECORDS})
     WINDOW session AS (PARTITION BY session_id ORDER BY partition, "offset")
     QUALIFY arrival <> previous + 1 ORDER BY session_id, arrival`,
  );
  for (const { session_id, arrival, previous } of unordered)
    report({
      problem: "order",
      session_id: session_id as string,
      message: `the record of arrival ${arrival} follows the one of arrival ${previous}`,
    });
};

/** The records of one session, in the order of arrival. */
interface SessionRecords {
  session_id: string;
  events: { arrival: number; event: LoggedEvent }[];
  vectors: ServedVector[];
}

const idOf = ({ session_id, tab_id, seq }: LoggedEvent): string => `${session_id}/${tab_id}/${seq}`;

/** A vector, and the state of its session after the replay of all earlier records. */
interface ReplayedVector {
  served: ServedVector;
  state: EngineState;
  latest: LoggedEvent | undefined;
  /** Whether the log has all earlier records of the session. */
  isComplete: boolean;
}

/**
 * Folds the events of a session as the collector did: each event once. Yields each vector with the state at its place.
 * Events that arrived after it are not in it.
 */
function* replaySession(engine: Engine, { events, vectors }: SessionRecords): Generator<ReplayedVector> {
  const state = engine.emptyState();
  const totals: ViewTotals = {};
  const known = new Set<string>();
  let latest: LoggedEvent | undefined;
  let next = 0;
  const firstArrival = Math.min(
    events[0]?.arrival ?? Number.POSITIVE_INFINITY,
    vectors[0]?.arrival ?? Number.POSITIVE_INFINITY,
  );
  for (const served of vectors) {
    for (let each = events[next]; each && each.arrival < served.arrival; each = events[next]) {
      next += 1;
      const id = idOf(each.event);
      if (known.has(id)) continue;
      known.add(id);
      const { event } = each;
      const isCounted = engine.latenessOf(state, event.time) !== "too_late";
      engine.fold(state, isCounted ? withGrowth(totals, event, event) : event, event);
      if (isCounted && (latest === undefined || event.time >= latest.time)) latest = event;
    }
    yield { served, state, latest, isComplete: firstArrival === 1 };
  }
}

/** Reads the vectors of a part of the log by session, in order. */
const readVectors = async (
  database: Database,
  features: readonly Feature[],
  part: string,
): Promise<Map<string, ServedVector[]>> => {
  const bySession = new Map<string, ServedVector[]>();
  const source = `FROM log_vectors WHERE entity = 'session' AND ${part} ORDER BY session_id, arrival`;
  for await (const row of readRows(database, vectorColumns(features), source)) {
    const { arrival, received_at } = row as { arrival: number; received_at: number };
    const vector = { ...vectorIn(row, features), arrival, received_at };
    const own = bySession.get(vector.session_id);
    if (own) own.push(vector);
    else bySession.set(vector.session_id, [vector]);
  }
  return bySession;
};

/** Yields the sessions of a part of the log, in order. */
async function* sessionsIn(
  database: Database,
  features: readonly Feature[],
  part: string,
): AsyncGenerator<SessionRecords> {
  const ofSession = featuresOf(features, "session");
  const vectors = await readVectors(database, features, part);
  let current: SessionRecords | undefined;
  for await (const row of readRows(
    database,
    columnsRead(ofSession),
    `FROM log_events WHERE ${part} ORDER BY session_id, arrival`,
  )) {
    const event = eventIn(row);
    const { session_id } = event;
    if (current?.session_id !== session_id) {
      if (current) yield current;
      current = { session_id, events: [], vectors: vectors.get(session_id) ?? [] };
      vectors.delete(session_id);
    }
    current.events.push({ arrival: row.arrival as number, event });
  }
  if (current) yield current;
  for (const [session_id, own] of vectors) yield { session_id, events: [], vectors: own };
}

/**
 * Replays the log of a site, and compares with the vectors that the collector served when sessions closed. Checks too
 * that each event is there once, and that no record of a session is missing between two others.
 *
 * @param received Period in which the compared vectors were received. Default: all.
 * @param report Is called with each disagreement.
 */
export const verifyLog = async (
  database: Database,
  features: readonly Feature[],
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: TimeRange,
  report: (found: Disagreement) => void,
  onProgress: (events: number) => void,
): Promise<Verification> => {
  const result: Verification = {
    ...{ events: 0, sessions: 0, vectors: 0, disagreements: 0, open: 0, incomplete: 0, other_definitions: 0 },
    changed_features: [],
  };
  const disagree = (found: Disagreement): void => {
    result.disagreements += 1;
    report(found);
  };
  await checkRecords(database, disagree);

  const { engine } = entityEngine("session", features);
  const version = versionOf(features);
  const changed = new Set<string>();
  const compare = ({ served, state, latest, isComplete }: ReplayedVector): void => {
    if (served.received_at < from || served.received_at >= to) return;
    if (!isComplete) {
      result.incomplete += 1;
      return;
    }
    const values = engine.vector(state, state.event_time ?? served.closed_at);
    const isCurrent = served.definition_version === version;
    if (isCurrent) result.vectors += 1;
    else result.other_definitions += 1;
    const place = {
      session_id: served.session_id,
      ...(latest && { event_id: idOf(latest) }),
      version: served.version,
    };
    for (const [feature, replayed] of Object.entries(values)) {
      const value = served.features[feature] ?? null;
      if (isEqual(value, replayed)) continue;
      if (isCurrent) disagree({ problem: "feature", ...place, feature, served: value, replayed });
      else changed.add(feature);
    }
    const counts = { event_time: state.event_time ?? served.closed_at, late: state.late, too_late: state.too_late };
    for (const [feature, replayed] of Object.entries(counts)) {
      const value = served[feature as keyof typeof counts];
      if (value !== replayed) disagree({ problem: "lateness", ...place, feature, served: value, replayed });
    }
  };

  const [total] = await database.all("SELECT count(*) AS events FROM log_events");
  const parts = Math.max(1, Math.ceil(Number(total?.events) / PART));
  for (let part = 0; part < parts; part += 1)
    for await (const session of sessionsIn(database, features, `hash(session_id) % ${parts} = ${part}`)) {
      const { events, vectors } = session;
      result.sessions += 1;
      result.events += events.length;
      if ((vectors.at(-1)?.arrival ?? 0) < (events.at(-1)?.arrival ?? 0)) result.open += 1;
      for (const each of replaySession(engine, session)) compare(each);
      onProgress(result.events);
    }
  return { ...result, changed_features: [...changed] };
};
