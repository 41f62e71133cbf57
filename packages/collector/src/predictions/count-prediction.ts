import type { Meter } from "../metrics/meter.ts";
import type { CompiledModel } from "../tenants.ts";
import type { Outcome } from "./outcome.ts";

/** A prediction as the metrics count it. */
export interface CountedPrediction extends Pick<Outcome, "value" | "fallback" | "latency_ms"> {
  model: string;
  version: number;
}

/** The part of an outcome that the metrics count. */
export const counted = (
  { name: model, version }: Pick<CompiledModel, "name" | "version">,
  { value, fallback, latency_ms }: Outcome,
): CountedPrediction => ({ model, version, value, fallback, latency_ms });

/** Counts a prediction by its outcome. Only the model's own predictions are in the histogram of values. */
export const countPrediction = (meter: Meter, site: string, prediction: CountedPrediction): void => {
  const { model, version, value, fallback, latency_ms } = prediction;
  const labels = { site, model, version };
  meter.count("tidemark_predictions_total", { ...labels, outcome: fallback ?? "predicted" }, 1);
  meter.observe("tidemark_prediction_latency_seconds", labels, latency_ms / 1_000);
  if (fallback === null && value !== null) meter.observe("tidemark_prediction_value", labels, value);
};
