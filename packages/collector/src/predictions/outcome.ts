/**
 * The reason for a prediction without the model: `timeout`, `error` of the server, `open` circuit breaker, or
 * `missing_model` for one that was refused or cannot be read.
 */
export type Failure = "timeout" | "error" | "open" | "missing_model";

/** The outcome of one prediction. */
export interface Outcome {
  /** The model's prediction, or that of its fallback; `null` without both. */
  value: number | null;
  /** The reason for the fallback; `null` for the model's own prediction. */
  fallback: Failure | null;
  /** Time of the prediction, in milliseconds. The platform's clock stands still while the Worker computes: 0 for an embedded model. */
  latency_ms: number;
  /** Description of the failure. */
  error?: string;
}

/** A prediction that failed, with the reason. */
export class PredictionError extends Error {
  override name = "PredictionError";
  readonly failure: Failure;

  constructor(failure: Failure, message: string) {
    super(message);
    this.failure = failure;
  }
}
