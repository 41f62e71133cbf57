import type { EngineState, LoggedEvent } from "@tidemark/engine";
import type { Event } from "@tidemark/schema";
import type { Definitions } from "../compile-features.ts";
import { type EntityRow, mergeInto } from "../entities/merge.ts";
import { type Delta, type EntityKey, entityOf } from "../entities/push.ts";
import { encodeDelta } from "../partition/outgoing.ts";
import type { VisitorEventContext } from "../records/event-contexts.ts";
import { createFold, type SessionFold } from "./fold.ts";
import { newPushQueue } from "./pushes.ts";

/** The states of users, pages and custom entities, folded from sessions of a log. */
export interface FoldedSessions {
  /**
   * Folds an event. The events of a session follow each other, in the order of arrival, each once.
   *
   * @param accepts Whether the event counts for an entity. Default: it counts for all of its entities.
   */
  add(event: LoggedEvent, accepts?: (key: EntityKey) => boolean): void;
  /** Number of entities with a state. */
  readonly size: number;
  /** Removes and returns the states, as deltas whose events came before those of the receiver. */
  take(): [EntityKey, Delta][];
}

/** Folds sessions of a log with the code of live sessions, so that the states are those of the live system. */
export const foldSessions = (definitions: Definitions): FoldedSessions => {
  const { rollups } = definitions;
  const rows = new Map<EntityKey, EntityRow>();
  const open = (session_id: string) => {
    const push_queue = newPushQueue(0, definitions.layouts);
    const stored: SessionFold = { engine: definitions.session.emptyState(), totals: {}, push_queue, fed: {} };
    return { session_id, stored, fold: createFold(stored, definitions).fold };
  };
  let current: ReturnType<typeof open> | undefined;
  /** The fold of the same session with further deltas: a fold keeps those that it has begun. */
  const reopened = ({ session_id, stored }: ReturnType<typeof open>): ReturnType<typeof open> => ({
    ...{ session_id, stored },
    fold: createFold(stored, definitions).fold,
  });

  const mergeDeltas = (accepts: (key: EntityKey) => boolean): void => {
    if (!current?.stored.push_queue.open) return;
    const { deltas } = current.stored.push_queue.open;
    current.stored.push_queue.open = null;
    for (const [key, { anonymous_ids = [], ...delta }] of Object.entries(deltas) as [EntityKey, Delta][]) {
      const engine = rollups.get(entityOf(key))?.engine;
      if (!engine || !accepts(key)) continue;
      const row = rows.get(key) ?? { engine: engine.emptyState(), anonymous_ids: [] };
      rows.set(key, row);
      const state: EngineState = { ...engine.layout, late: 0, too_late: 0, ...delta };
      mergeInto(engine, row, { engine: state, anonymous_ids });
    }
  };
  const all = () => true;

  return {
    add(event, accepts) {
      if (current?.session_id !== event.session_id) {
        mergeDeltas(all);
        current = open(event.session_id);
      } else if (accepts) {
        mergeDeltas(all);
        current = reopened(current);
      }
      current.fold(event as unknown as Event, event as unknown as VisitorEventContext);
      if (accepts) {
        mergeDeltas(accepts);
        current = reopened(current);
      }
    },
    get size() {
      return rows.size;
    },
    take() {
      mergeDeltas(all);
      if (current) current = reopened(current);
      const deltas = [...rows].map(([key, row]): [EntityKey, Delta] => [
        key,
        { ...encodeDelta(row), is_earlier: true },
      ]);
      rows.clear();
      return deltas;
    },
  };
};
