import type { FeatureValue } from "@tidemark/schema";
import type { PredictionPayload } from "@tidemark/schema/log";
import type { Assigned } from "./assignment.ts";
import type { Outcome } from "./outcome.ts";
import { type Subject, valuesOf } from "./predict.ts";

/** The circumstances of a prediction, as its record has them. */
type Circumstances = Pick<PredictionPayload, "reader" | "time" | "event_time" | "definition_version">;

/** The content of the record of a prediction: all that explains it. */
export const predictionRecord = (
  { model, role, probability }: Assigned,
  subject: Subject,
  { value, fallback, latency_ms, error }: Outcome,
  { reader, time, event_time, definition_version }: Circumstances,
): PredictionPayload => {
  const { input } = model;
  const values = valuesOf(model, subject);
  const features: [string, FeatureValue][] = input.features.map((name, index) => [name, values[index] ?? null]);
  return {
    ...{ model: model.name, model_version: model.version, role, probability },
    ...{ entity: subject.entity, id: subject.id, reader, time, event_time, definition_version },
    set: input.served,
    features: Object.fromEntries(features),
    ...{ value, fallback, latency_ms },
    ...(error !== undefined && { error }),
  };
};
