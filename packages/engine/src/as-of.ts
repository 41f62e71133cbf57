import type { Feature, FeatureValue } from "@tidemark/schema";
import type { EngineState } from "./engine.ts";
import { type EntityEngine, entityEngines } from "./entity-engine.ts";
import type { LatenessOptions } from "./lateness.ts";
import { type LoggedEvent, sessionArrivals } from "./logged-event.ts";

/** A moment at which features are wanted, as for a label to train on. */
export interface SpineRow {
  entity: string;
  id: string;
  /** UTC milliseconds. Only what happened before counts. */
  as_of: number;
}

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
  const arrivalOf = sessionArrivals(options);
  const inOrder = [...events].filter((event) => arrivalOf(event) !== "too_late").sort((a, b) => a.time - b.time);
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
