import type { Feature, FeatureValue } from "@tidemark/schema";
import { displayed } from "./displayed.ts";
import type { Engine, EngineState } from "./engine.ts";
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
 * @throws Error that names the row of the spine, counted from 1, and its field, or the event and its field.
 */
export const asOf = (
  events: Iterable<LoggedEvent>,
  features: readonly Feature[],
  spine: readonly SpineRow[],
  options?: LatenessOptions,
): Record<string, FeatureValue>[] => {
  const arrivalOf = sessionArrivals(options);
  const inOrder = [...events].filter((event) => arrivalOf(event) !== "too_late").sort((a, b) => a.time - b.time);
  const kept = new Map<string, EntityHistory>(
    entityEngines(features, options).map((each) => [
      each.entity,
      { engine: each.engine, events: byId(inOrder, each.idOf), states: new Map() },
    ]),
  );
  checkSpine(spine, [...kept.keys()]);

  const vectors = new Map<SpineRow, Record<string, FeatureValue>>();
  for (const row of spine.toSorted((a, b) => a.as_of - b.as_of)) {
    const { engine, events, states } = kept.get(row.entity) as EntityHistory;
    const position = states.get(row.id) ?? { state: engine.emptyState(), next: 0 };
    states.set(row.id, position);
    const own = events.get(row.id) ?? [];
    for (let event = own[position.next]; event && event.time < row.as_of; event = own[position.next]) {
      engine.addUnchecked(position.state, event, event);
      position.next += 1;
    }
    vectors.set(row, engine.vector(position.state, row.as_of - 1));
  }
  return spine.map((row) => vectors.get(row) as Record<string, FeatureValue>);
};

const checkSpine = (spine: readonly SpineRow[], entities: readonly string[]): void => {
  spine.forEach((row, index) => {
    const expect = (holds: boolean, field: keyof SpineRow, expected: string): void => {
      if (holds) return;
      throw new Error(`row ${index + 1} of the spine: ${field}: expected ${expected}; given ${displayed(row[field])}`);
    };
    const known = entities.join(", ") || "nothing, because there are no definitions";
    expect(entities.includes(row.entity), "entity", `an entity that definitions are about (${known})`);
    expect(typeof row.id === "string", "id", "a text");
    expect(Number.isFinite(row.as_of), "as_of", "a number of UTC milliseconds");
  });
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

/** An entity's engine, and what has become of each one of the entity up to the row of the spine in question. */
interface EntityHistory {
  engine: Engine;
  events: Map<string, LoggedEvent[]>;
  states: Map<string, FoldPosition>;
}

interface FoldPosition {
  state: EngineState;
  /** Position of the entity's first event that is not folded yet. */
  next: number;
}
