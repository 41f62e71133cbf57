export { asOf, type SpineRow } from "./as-of.ts";
export { packCells, unpackCells } from "./cells.ts";
export { matcher } from "./condition.ts";
export {
  createEngine,
  type Engine,
  type EngineEvent,
  type EngineState,
  type PartialState,
  type StateLayout,
} from "./engine.ts";
export type { IdReader } from "./entity.ts";
export { type EntityEngine, entityEngine, entityEngines, layoutsOf, type StateLayouts } from "./entity-engine.ts";
export type { EventContext } from "./event-context.ts";
export { evaluate } from "./expression.ts";
export { type FedIds, feeds } from "./fed-ids.ts";
export { GROWTH_FIELDS, totalsUnknownUntil, type ViewTotals, withGrowth } from "./growth.ts";
export { hashOf } from "./hash.ts";
export type { Lateness, LatenessOptions } from "./lateness.ts";
export type { LoggedEvent } from "./logged-event.ts";
export { changesWithTime } from "./motion.ts";
export { createTimedCondition, GRANULARITY_MS, type TimedCondition } from "./next-true.ts";
export { type ReplayedEntity, replay } from "./replay.ts";
export { creditsFor, type PageCredit, type Touches, withTouch } from "./touches.ts";
