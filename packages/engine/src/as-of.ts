import type { Feature, FeatureValue } from "@tidemark/schema";
import { displayed } from "./displayed.ts";
import type { EngineState } from "./engine.ts";
import { type EntityEngine, entityEngines } from "./entity-engine.ts";
import { feeds } from "./fed-ids.ts";
import type { LatenessOptions } from "./lateness.ts";
import { type LoggedEvent, type SessionEvent, sessionEvents } from "./logged-event.ts";
import { creditsFor, type PageCredit, withTouch } from "./touches.ts";

/** An entity and a point in time at which its features are wanted, such as the time of a label to train on. */
export interface SpineRow {
  entity: string;
  id: string;
  /** UTC milliseconds. Only events before this time count. */
  as_of: number;
}

/**
 * Computes features as of given points in time, each from all events before it and none from then on. An entity without
 * events has the values of no events.
 *
 * @param events Each event once, in the order of arrival. Events that are too late do not count, as in the live system.
 * @returns A vector for each row of the spine, in the order of the spine.
 * @throws Error that names the row of the spine, counted from 1, and its field, or the event and its field.
 */
export const asOf = (
  events: Iterable<LoggedEvent>,
  features: readonly Feature[],
  spine: readonly SpineRow[],
  options?: LatenessOptions,
): Record<string, FeatureValue>[] => {
  const histories = new Map<string, EntityHistory>(
    entityEngines(features, options).map((each) => [each.entity, { ...each, events: new Map(), states: new Map() }]),
  );
  const inSession = sessionEvents(options);
  for (const each of events) addEvent(histories.values(), inSession(each));
  for (const history of histories.values())
    for (const own of history.events.values()) own.sort((a, b) => a.event.time - b.event.time);
  checkSpine(spine, [...histories.keys()]);

  const vectors = new Map<SpineRow, Record<string, FeatureValue>>();
  for (const row of spine.toSorted((a, b) => a.as_of - b.as_of)) {
    const { engine, events, states } = histories.get(row.entity) as EntityHistory;
    const position = states.get(row.id) ?? { state: engine.emptyState(), next: 0 };
    states.set(row.id, position);
    const own = events.get(row.id) ?? [];
    for (let next = own[position.next]; next && next.event.time < row.as_of; next = own[position.next]) {
      const { event, credit } = next;
      if (credit) engine.foldCredit(position.state, event, event, credit);
      else engine.foldUnchecked(position.state, event, event);
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
    const known = entities.join(", ") || "there are no definitions";
    expect(entities.includes(row.entity), "entity", `an entity of the definitions (${known})`);
    expect(typeof row.id === "string", "id", "a text");
    expect(Number.isFinite(row.as_of), "as_of", "a number of UTC milliseconds");
  });
};

/** Adds an event to the history of each entity that it counts for. */
const addEvent = (histories: Iterable<EntityHistory>, { lateness, event, fed, touches }: SessionEvent): void => {
  for (const { entity, engine, idOf, events } of histories) {
    if (entity === "page" && lateness !== "too_late" && engine.isCredited(event, event))
      for (const [path, credit] of creditsFor(touches, event.time)) events.get(path)?.push({ event, credit });
    const id = idOf(event, event);
    if (id === undefined || !feeds(fed, entity, id) || lateness === "too_late") continue;
    const own = events.get(id);
    if (own) own.push({ event });
    else events.set(id, [{ event }]);
    if (entity === "page" && event.type === "page_view") withTouch(touches, id, event.time);
  }
};

/** The engine of an entity type, with the events and the current state of each entity, by id. */
interface EntityHistory extends EntityEngine {
  /** In the order of arrival at first, then in the order of time. */
  events: Map<string, HistoryEvent[]>;
  states: Map<string, FoldPosition>;
}

/** An event of an entity, or one that the session credits to a page. */
interface HistoryEvent {
  event: LoggedEvent;
  credit?: PageCredit;
}

/** The state of an entity after the events before the current row of the spine. */
interface FoldPosition {
  state: EngineState;
  /** Position of the entity's first event that is not folded yet. */
  next: number;
}
