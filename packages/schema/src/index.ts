export {
  type BatchAnswer,
  type DeliveryCounts,
  type ErrorAnswer,
  type ErrorCode,
  errorCodes,
  type FeatureValue,
  type Rejection,
  type VectorAnswer,
  type VerdictCode,
  verdictCodes,
} from "./answer.ts";
export { type Batch, batch, type Dropped, type ReceivedBatch } from "./batch.ts";
export { type Event, type EventOf, type EventType, event, eventTypes, type FieldsOf } from "./events/index.ts";
export { type SessionVector, sessionFeatures } from "./features/catalogue/session.ts";
export type {
  Aggregate,
  AggregateFeature,
  Condition,
  DerivedFeature,
  Expression,
  Feature,
  FeatureEvent,
  FieldPath,
  VectorOf,
  Window,
} from "./features/definition.ts";
export { type View, view } from "./view.ts";
