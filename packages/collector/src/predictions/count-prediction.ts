import type { Meter } from "../metrics/meter.ts";
import type { CompiledModel } from "../tenants.ts";
import type { Outcome } from "./outcome.ts";

/** A prediction as the metrics count it. */
export interface CountedPrediction extends Pick<Outcome, "value" | "fallback" | "latency_ms"> {
  model: string;
  version: number;
  /**
   * The goals that the session has not reached, for the prediction of the version that is compared with them; absent for any
   * other one.
   */
  open_goals?: string[];
}

/** The part of an outcome that the metrics count. */
export const counted = (
  { name: model, version }: Pick<CompiledModel, "name" | "version">,
  { value, fallback, latency_ms }: Outcome,
): CountedPrediction => ({ model, version, value, fallback, latency_ms });

/** Counts a prediction by its outcome. Only the model's own predictions are in the histogram of values. */
export const countPrediction = (meter: Meter, site: string, prediction: CountedPrediction): void => {
  const { model, version, value, fallback, latency_ms, open_goals = [] } = prediction;
  const labels = { site, model, version };
  meter.count("tidemark_predictions_total", { ...labels, outcome: fallback ?? "predicted" }, 1);
  meter.observe("tidemark_prediction_latency_seconds", labels, latency_ms / 1_000);
  if (fallback === null && value !== null) meter.observe("tidemark_prediction_value", labels, value);
  for (const goal of open_goals) {
    meter.count("tidemark_calibration_sessions_total", { ...labels, goal }, 1);
    meter.count("tidemark_calibration_expected_total", { ...labels, goal }, value ?? 0);
  }
};
