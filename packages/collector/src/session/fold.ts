import {
  creditsFor,
  type EngineState,
  type EntityEngine,
  type FedIds,
  feeds,
  type Touches,
  type ViewTotals,
  withGrowth,
  withTouch,
} from "@tidemark/engine";
import type { Consent, Event } from "@tidemark/schema";
import type { Definitions } from "../compile-features.ts";
import { type Delta, entityKey } from "../entities/push.ts";
import type { VisitorEventContext } from "../records/event-contexts.ts";
import { collectingPush, type PushQueue } from "./pushes.ts";

/** The parts of a session's state that events change. */
export interface SessionFold {
  engine: EngineState;
  totals: ViewTotals;
  push_queue: PushQueue;
  fed: FedIds;
  touches?: Touches;
  consent?: Consent | undefined;
}

/**
 * An entity that a batch is folded into, with the id and delta of the previous event: successive events mostly share
 * them.
 */
interface Target extends EntityEngine {
  id: string | undefined;
  /** The delta of the id; `undefined` when the session does not feed it. */
  delta: Delta | undefined;
}

/** The fold of one batch. */
interface Fold {
  /**
   * Folds an event, and returns it with the growth of its totals; `undefined` for one that does not count. The session's
   * watermark decides for all entities.
   */
  fold(event: Event, context: VisitorEventContext): Event | undefined;
  /** Number of folded events that count for no entity of a name: see `BatchResult`. */
  notFed: Record<string, number>;
}

/** Creates the fold of one batch into the session's features, and into the deltas of other entities. */
export const createFold = (stored: SessionFold, { session, rollups }: Definitions): Fold => {
  const notFed: Fold["notFed"] = {};
  const targets: Target[] = [...rollups.values()].map((each) => ({ ...each, id: undefined, delta: undefined }));
  const fold: Fold["fold"] = (received, context) => {
    const { time, anonymous_id, consent } = context;
    if (time >= (stored.engine.event_time ?? 0)) stored.consent = consent;
    const isCounted = session.latenessOf(stored.engine, time) !== "too_late";
    const event = isCounted ? withGrowth(stored.totals, received, context) : received;
    const lateness = session.fold(stored.engine, event, context);
    const { deltas } = collectingPush(stored.push_queue);
    for (const target of targets) {
      const { entity, engine } = target;
      const isOfPages = isCounted && entity === "page" && engine.hasCredits;
      if (isOfPages && engine.isCredited(event, context)) {
        for (const [path, credit] of creditsFor(stored.touches ?? [], time)) {
          const key = entityKey(entity, path);
          deltas[key] ??= engine.emptyPartialState();
          engine.foldCredit(deltas[key], event, context, credit);
        }
      }
      const id = target.idOf(event, context);
      if (id === undefined) continue;
      if (target.id !== id) {
        target.id = id;
        target.delta = undefined;
        if (feeds(stored.fed, entity, id)) target.delta = deltas[entityKey(entity, id)] ??= engine.emptyPartialState();
      }
      const { delta } = target;
      if (!delta) {
        notFed[entity] = (notFed[entity] ?? 0) + 1;
        continue;
      }
      if (entity === "user" && id !== anonymous_id) delta.anonymous_ids = [anonymous_id];
      if (lateness === "too_late") {
        delta.too_late = (delta.too_late ?? 0) + 1;
        continue;
      }
      if (lateness === "late") delta.late = (delta.late ?? 0) + 1;
      engine.foldUnchecked(delta, event, context);
      if (isOfPages && event.type === "page_view") stored.touches = withTouch(stored.touches, id, time);
    }
    return isCounted ? event : undefined;
  };
  return { fold, notFed };
};
