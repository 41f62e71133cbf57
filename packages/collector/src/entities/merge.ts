import type { Engine, EngineState, StateLayouts } from "@tidemark/engine";
import type { Definitions } from "../compile-features.ts";
import { expectKnown } from "../release.ts";
import { type Delta, type EntityKey, entityOf, type Push } from "./push.ts";

/** The state of a user, page or custom entity. */
export interface EntityRow {
  engine: EngineState;
  /** The anonymous ids of the latest browsers of an identified user, the latest last. */
  anonymous_ids: string[];
}

/** Maximum number of browsers in the row of a user. */
const MAX_ANONYMOUS_IDS = 16;

/** The delta of an entity, decoded for the engine of its features. */
interface DecodedDelta {
  key: EntityKey;
  engine: Engine;
  delta: EntityRow;
  /** Whether its events came before those of the row. */
  isEarlier: boolean;
}

/**
 * Decodes the deltas of pushes with a number above `after`, in order. It leaves out an entity without a layout, which
 * cannot be decoded, and an entity without a feature: features may have changed since the sender folded the delta.
 *
 * @throws LaterReleaseError for a delta of a later release.
 */
export function* decodeDeltas(
  pushes: readonly Push[],
  after: number,
  { rollups }: Definitions,
): Generator<DecodedDelta> {
  let layouts: StateLayouts = {};
  for (const push of pushes) {
    layouts = push.layouts ?? layouts;
    if (push.n <= after) continue;
    for (const [key, { anonymous_ids = [], is_earlier = false, ...folded }] of Object.entries(push.deltas) as [
      EntityKey,
      Delta,
    ][]) {
      const layout = layouts[entityOf(key)];
      const engine = rollups.get(entityOf(key))?.engine;
      if (!engine || !layout) continue;
      expectKnown("a push", layout.version, engine.layout.version);
      const state: EngineState = { ...layout, late: 0, too_late: 0, ...folded };
      yield { key, engine, delta: { engine: engine.migrate(state).state, anonymous_ids }, isEarlier: is_earlier };
    }
  }
}

/**
 * Merges the state of other events of an entity into a row. Never changes `other`.
 *
 * @param isEarlier Whether the other events came before those of the row.
 */
export const mergeInto = (engine: Engine, row: EntityRow, other: EntityRow, isEarlier = false): void => {
  engine.mergeInto(row.engine, other.engine);
  const latest = isEarlier ? row.anonymous_ids : other.anonymous_ids;
  if (isEarlier) row.anonymous_ids = other.anonymous_ids;
  if (latest.length === 0 || (latest.length === 1 && latest[0] === row.anonymous_ids.at(-1))) return;
  const earlier = row.anonymous_ids.filter((id) => !latest.includes(id));
  row.anonymous_ids = [...earlier, ...latest].slice(-MAX_ANONYMOUS_IDS);
};
