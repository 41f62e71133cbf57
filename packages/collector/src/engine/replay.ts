import type { Feature, FeatureValue } from "@tidemark/schema";
import type { EngineEvent, EngineState } from "./engine.ts";
import { type EntityEngine, entityEngines } from "./entity-engine.ts";
import { type Arrival, type LatenessOptions, lateness } from "./lateness.ts";

/** An event of the log: with its session and visitor. */
export type LoggedEvent = EngineEvent & { session_id: string; anonymous_id: string };

/** What a replay found of one entity. */
export interface Replayed {
  entity: string;
  id: string;
  /** All that the engine remembers of it, with its event time and, for a session, its late events. */
  state: EngineState;
  /** Its features at the time of its latest event. */
  features: Record<string, FeatureValue>;
}

/** A moment at which features are wanted, as for a label to train on. */
export interface SpineRow {
  entity: string;
  id: string;
  /** UTC milliseconds. Only what happened before counts. */
  as_of: number;
}

/** Tells when each event came. As live, its session is the source whose watermark judges it, for all entities. */
const sessionJudge = (options: LatenessOptions | undefined): ((event: LoggedEvent) => Arrival) => {
  const { arrival } = lateness(options);
  const progress = new Map<string, number>();
  return ({ session_id, time }) => {
    const known = progress.get(session_id) ?? null;
    const came = arrival(known, time);
    if (came !== "too_late") progress.set(session_id, Math.max(known ?? time, time));
    return came;
  };
};

/**
 * Folds a log as the live system does.
 *
 * @param events Each once, in the order in which they arrived.
 * @returns Every entity that the events say something about, in the order of the definitions and of its first event.
 */
export const replay = (
  events: Iterable<LoggedEvent>,
  features: readonly Feature[],
  options?: LatenessOptions,
): Replayed[] => {
  const judge = sessionJudge(options);
  const kept = entityEngines(features, options).map((each) => ({ ...each, states: new Map<string, EngineState>() }));
  for (const event of events) {
    const counts = judge(event) !== "too_late";
    for (const { entity, engine, idOf, states } of kept) {
      const id = idOf(event, event);
      if (id === undefined || !(counts || states.has(id))) continue;
      const state = states.get(id) ?? engine.zero();
      states.set(id, state);
      if (entity === "session") engine.fold(state, event, event);
      else if (counts) engine.add(state, event, event);
    }
  }
  return kept.flatMap(({ entity, engine, states }) =>
    [...states].map(([id, state]) => ({ entity, id, state, features: engine.vector(state, state.event_time ?? 0) })),
  );
};

/**
 * Features as of given moments: at each, exactly what had happened before it, whatever happened afterwards. An entity of which
 * nothing was heard has the values of no events.
 *
 * @param events Each once, in the order in which they arrived; those that come too late do not count, as live.
 * @returns A vector for each row of the spine, in its order.
 * @throws Error when a row is about an entity that no definition is about.
 */
export const asOf = (
  events: Iterable<LoggedEvent>,
  features: readonly Feature[],
  spine: readonly SpineRow[],
  options?: LatenessOptions,
): Record<string, FeatureValue>[] => {
  const judge = sessionJudge(options);
  const inOrder = [...events].filter((event) => judge(event) !== "too_late").sort((a, b) => a.time - b.time);
  const kept = new Map(
    entityEngines(features, options).map((each) => [
      each.entity,
      { engine: each.engine, events: byId(inOrder, each.idOf), states: new Map<string, Progress>() },
    ]),
  );

  const vectors = new Map<SpineRow, Record<string, FeatureValue>>();
  for (const row of spine.toSorted((a, b) => a.as_of - b.as_of)) {
    const entity = kept.get(row.entity);
    if (!entity) throw new Error(`no definition is about ${row.entity}; there are: ${[...kept.keys()].join(", ")}`);
    const { engine, events, states } = entity;
    const progress = states.get(row.id) ?? { state: engine.zero(), next: 0 };
    states.set(row.id, progress);
    const own = events.get(row.id) ?? [];
    for (let event = own[progress.next]; event && event.time < row.as_of; event = own[progress.next]) {
      engine.add(progress.state, event, event);
      progress.next += 1;
    }
    vectors.set(row, engine.vector(progress.state, row.as_of - 1));
  }
  return spine.map((row) => vectors.get(row) as Record<string, FeatureValue>);
};

const byId = (events: LoggedEvent[], idOf: EntityEngine["idOf"]): Map<string, LoggedEvent[]> => {
  const groups = new Map<string, LoggedEvent[]>();
  for (const event of events) {
    const id = idOf(event, event);
    if (id === undefined) continue;
    const group = groups.get(id);
    if (group) group.push(event);
    else groups.set(id, [event]);
  }
  return groups;
};

interface Progress {
  state: EngineState;
  /** Position of the entity's first event that is not folded yet. */
  next: number;
}
