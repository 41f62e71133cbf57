import type { OtlpSettings } from "../../config.ts";
import type { Samples } from "../../metrics/families.ts";
import { headersOf } from "../../otlp/headers.ts";
import { backoffMs, type Failure, isFailure, postJson } from "../../otlp/post.ts";
import { jsonOf } from "../../target-response.ts";
import { withinTime } from "../../within-time.ts";
import { otlpBodies } from "./encode.ts";

/** Time between two pushes, unless the configuration has another one, in seconds. */
const DEFAULT_EVERY_SECONDS = 60;

/** Time in which the metrics have to be read, in milliseconds. */
const READ_WITHIN_MS = 8_000;

/** Time in which the receiver has to respond to all requests of a push, in milliseconds. */
const RESPOND_WITHIN_MS = 8_000;

/** The state of pushes, as the object stores it. */
export interface PushState {
  /** Start of the cumulative values that the receiver gets: the first push, in UTC milliseconds. */
  since: number;
  /** Time of the next push, in UTC milliseconds. */
  next: number;
  /** Number of failures in succession. */
  failures: number;
}

/** Logs a part that the receiver has refused. The others are stored, and the protocol forbids to send it again. */
const logPartialSuccess = (text: string): void => {
  const { partialSuccess } = (jsonOf(text) ?? {}) as {
    partialSuccess?: { rejectedDataPoints?: unknown; errorMessage?: unknown };
  };
  const { rejectedDataPoints = 0, errorMessage = "" } = partialSuccess ?? {};
  if (Number(rejectedDataPoints) > 0 || errorMessage !== "")
    console.warn(
      `the receiver of OTLP refused ${rejectedDataPoints} data points: ${String(errorMessage).slice(0, 200)}`,
    );
};

const send = async (
  settings: OtlpSettings,
  env: object,
  samples: Samples,
  since: number,
): Promise<Failure | undefined> => {
  const headers = headersOf(settings, env);
  if (isFailure(headers)) return headers;
  const signal = AbortSignal.timeout(RESPOND_WITHIN_MS);
  for (const body of otlpBodies(samples, { since, now: Date.now() })) {
    const result = await postJson(settings.url, headers, body, signal);
    if (isFailure(result)) return result;
    logPartialSuccess(result.text);
  }
  return undefined;
};

/**
 * Pushes the metrics of the deployment to a receiver of OpenTelemetry. Values are cumulative: a push that fails is repeated by
 * the next one, with the values of then. It does not reject for a failure of the metrics or of the receiver.
 *
 * @param state The state after the previous push; `undefined` for the first one.
 * @returns The state for the next one.
 */
export const pushMetrics = async (
  settings: OtlpSettings,
  env: object,
  read: () => Promise<Samples>,
  state: PushState | undefined,
): Promise<PushState> => {
  const begin = Date.now();
  const since = Math.min(state?.since ?? begin, begin);
  const every = (settings.everySeconds ?? DEFAULT_EVERY_SECONDS) * 1_000;
  let failure: Failure | undefined;
  try {
    const samples = await withinTime(read(), READ_WITHIN_MS);
    if (samples === undefined) throw new Error("no metrics in time");
    failure = await send(settings, env, samples, since);
  } catch {
    failure = { reason: "the metrics could not be read", isRepeatable: true };
  }
  if (!failure) return { since, next: begin + every, failures: 0 };
  const failures = (state?.failures ?? 0) + 1;
  const { reason, isRepeatable, afterMs } = failure;
  const backoff = backoffMs(failures);
  const wait = isRepeatable ? (afterMs ?? backoff) : Math.max(every, backoff);
  console.error(
    `the metrics could not be pushed by OTLP; the next push is in ${Math.round(wait / 1_000)} s: ${reason}`,
  );
  return { since, next: Date.now() + wait, failures };
};
