import type { Feature, FeatureValue } from "@tidemark/schema";
import type { EngineState } from "./engine.ts";
import { entityEngines } from "./entity-engine.ts";
import { feeds } from "./fed-ids.ts";
import type { LatenessOptions } from "./lateness.ts";
import { type LoggedEvent, sessionEvents } from "./logged-event.ts";
import { creditsFor, withTouch } from "./touches.ts";

/** The result of a replay for one entity. */
export interface ReplayedEntity {
  entity: string;
  id: string;
  /** The engine's state, with its event time and, for a session, the counts of late events. */
  state: EngineState;
  /** The entity's features at the time of its latest event. */
  features: Record<string, FeatureValue>;
}

/**
 * Folds a log in the same way as the live system.
 *
 * @param events Each event once, in the order of arrival.
 * @returns Every entity with events, in the order of the definitions and then of the first events.
 * @throws Error that names the position of an invalid event, counted from 1, and its first field that is missing or of
 * another type.
 */
export const replay = (
  events: Iterable<LoggedEvent>,
  features: readonly Feature[],
  options?: LatenessOptions,
): ReplayedEntity[] => {
  const inSession = sessionEvents(options);
  const entities = entityEngines(features, options).map((each) => ({
    ...each,
    states: new Map<string, EngineState>(),
  }));
  for (const each of events) {
    const { lateness, event, fed, touches } = inSession(each);
    const isCounted = lateness !== "too_late";
    for (const { entity, engine, idOf, states } of entities) {
      if (entity === "page" && isCounted && engine.isCredited(event, event))
        for (const [path, credit] of creditsFor(touches, event.time))
          engine.foldCredit(states.get(path) as EngineState, event, event, credit);
      const id = idOf(event, event);
      if (id === undefined || !feeds(fed, entity, id) || !(isCounted || states.has(id))) continue;
      const state = states.get(id) ?? engine.emptyState();
      states.set(id, state);
      if (entity === "session") engine.fold(state, event, event);
      else if (isCounted) engine.foldUnchecked(state, event, event);
      if (isCounted && entity === "page" && event.type === "page_view") withTouch(touches, id, event.time);
    }
  }
  return entities.flatMap(({ entity, engine, states }) =>
    [...states].map(([id, state]) => ({ entity, id, state, features: engine.vector(state, state.event_time ?? 0) })),
  );
};
