import { secretOf } from "../../access/keys.ts";
import type { OtlpSettings } from "../../config.ts";
import type { Samples } from "../../metrics/families.ts";
import { jsonOf, responseOf } from "../../target-response.ts";
import { VERSION } from "../../version.ts";
import { withinTime } from "../../within-time.ts";
import { otlpBodies } from "./encode.ts";

/** Time between two pushes, unless the configuration has another one, in seconds. */
const DEFAULT_EVERY_SECONDS = 60;

/** Time in which the metrics have to be read, in milliseconds. */
const READ_WITHIN_MS = 8_000;

/** Time in which the receiver has to respond to all requests of a push, in milliseconds. */
const RESPOND_WITHIN_MS = 8_000;

/** Statuses after which a push is repeated earlier than after its usual time. */
const REPEATABLE: readonly number[] = [429, 502, 503, 504];

/** Time from a failure to the next push, in milliseconds. It doubles with each failure. */
const RETRY_MS = { first: 10_000, longest: 300_000 };

/** The state of pushes, as the object stores it. */
export interface PushState {
  /** Start of the cumulative values that the receiver gets: the first push, in UTC milliseconds. */
  since: number;
  /** Time of the next push, in UTC milliseconds. */
  next: number;
  /** Number of failures in succession. */
  failures: number;
}

/** The result of a push: `undefined` for success. */
interface Failure {
  reason: string;
  /** Whether the same push may succeed soon. */
  isRepeatable: boolean;
  afterMs?: number | undefined;
}

/**
 * The headers in a secret: `name=value`, separated by commas, with escapes of URLs, as OpenTelemetry's variable
 * `OTEL_EXPORTER_OTLP_HEADERS` has them. `undefined` for any other text.
 */
export const headersIn = (text: string): Record<string, string> | undefined => {
  try {
    const pairs = text.split(",").map((pair) => {
      const [, name = "", value = ""] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = decodeURIComponent(value);
      if (name === "" || !/^[ -~]+$/.test(decoded)) throw new Error("no header");
      return [name.toLowerCase(), decoded] as const;
    });
    return Object.fromEntries(pairs);
  } catch {
    return undefined;
  }
};

const gzip = (text: string): Promise<ArrayBuffer> =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

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
  { url, headersSecret }: OtlpSettings,
  env: object,
  samples: Samples,
  since: number,
): Promise<Failure | undefined> => {
  const secret = headersSecret === undefined ? undefined : secretOf(env, headersSecret);
  if (headersSecret !== undefined && secret === undefined)
    return { reason: `the secret ${headersSecret} is not set`, isRepeatable: false };
  const headers = secret === undefined ? {} : headersIn(secret);
  if (!headers)
    return { reason: `the secret ${headersSecret} does not have the form name=value,…`, isRepeatable: false };
  const signal = AbortSignal.timeout(RESPOND_WITHIN_MS);
  for (const body of otlpBodies(samples, VERSION, { since, now: Date.now() })) {
    const init: RequestInit = {
      ...{ method: "POST", redirect: "manual", signal, body: await gzip(JSON.stringify(body)) },
      headers: { ...headers, "content-type": "application/json", "content-encoding": "gzip" },
    };
    const response = await responseOf(() => fetch(url, init), signal);
    if ("failure" in response) return { reason: response.failure, isRepeatable: true };
    const { status, text, afterMs } = response;
    if (status < 200 || status >= 300)
      return {
        reason: `the target responded with status ${status}`,
        isRepeatable: REPEATABLE.includes(status),
        afterMs,
      };
    logPartialSuccess(text);
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
  const backoff = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (failures - 1));
  const wait = isRepeatable ? (afterMs ?? backoff) : Math.max(every, backoff);
  console.error(
    `the metrics could not be pushed by OTLP; the next push is in ${Math.round(wait / 1_000)} s: ${reason}`,
  );
  return { since, next: Date.now() + wait, failures };
};
