export { type Batch, batch, type Dropped, type Envelope, envelope, type ReceivedBatch } from "./batch.ts";
export { bulkRead } from "./bulk-read.ts";
export { type Consent, type ConsentState, consent } from "./consent.ts";
export type {
  ContextAction,
  ContextHesitations,
  ContextResponse,
  ContextStep,
  ContextView,
} from "./context.ts";
export {
  capturedBy,
  type Event,
  type EventOf,
  type EventType,
  event,
  eventTypes,
  type FieldsOf,
} from "./events/index.ts";
export { defaultFeatures } from "./features/catalogue/catalogue.ts";
export { goalFeatures } from "./features/catalogue/goals.ts";
export { type PageVector, pageFeatures } from "./features/catalogue/page.ts";
export { type SessionVector, sessionFeatures } from "./features/catalogue/session.ts";
export { type UserVector, userFeatures } from "./features/catalogue/user.ts";
export { defineFeatureSet, type FeatureSet } from "./features/define-feature-set.ts";
export { defineFeatures } from "./features/define-features.ts";
export { defineGoal } from "./features/define-goal.ts";
export type * from "./features/feature.ts";
export type { FieldPath } from "./features/field-path.ts";
export type { Goal, GoalOn } from "./features/goal.ts";
export { parseFeatures } from "./features/parse.ts";
export { type ValueKind, valueKindsOf } from "./features/value-kind.ts";
export type { VectorOf } from "./features/vector.ts";
export { cumulative, hopping, lifetime, session, tumbling } from "./features/windows.ts";
export { followProof, sessionRead, userRead } from "./page-read.ts";
export { bulkPrediction, predictionRead } from "./prediction-read.ts";
export {
  type ActiveEntitiesResponse,
  type AlertSilence,
  type AlertsResponse,
  type AlertTestResponse,
  type BatchResponse,
  type BulkPredictionResponse,
  type BulkResponse,
  batchResponse,
  type DeliveredReaction,
  type DeliveryCounts,
  type ErrorCode,
  type ErrorResponse,
  errorCodes,
  errorResponse,
  type FeatureValue,
  type LatestPrediction,
  type MissingPrediction,
  type MissingVector,
  type ModelsResponse,
  type PredictionFailure,
  type PredictionResponse,
  type Rejection,
  type RejectionCode,
  type RollupVectorResponse,
  rejectionCodes,
  type ServedSet,
  type SessionVectorAsOf,
  type SessionVectorResponse,
  type SinkDeadLetter,
  type SinkDeadLettersResponse,
  type SinkProgress,
  type SinksResponse,
  type VectorResponse,
} from "./responses.ts";
export { type SdkReport, sdkReport } from "./sdk-report.ts";
export type { SignalName } from "./signals.ts";
export { type Traffic, traffic } from "./traffic.ts";
export { type View, view } from "./view.ts";
