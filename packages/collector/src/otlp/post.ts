import { secretOf } from "../access/keys.ts";
import type { OtlpSettings } from "../config.ts";
import { responseOf, type TargetResponse } from "../target-response.ts";

/** Statuses after which the same request may succeed. */
const REPEATABLE: readonly number[] = [429, 502, 503, 504];

/** Time from a failure to the next request, in milliseconds. It doubles with each failure in succession. */
const RETRY_MS = { first: 10_000, longest: 300_000 };

/** The result of a request that failed. */
export interface Failure {
  reason: string;
  /** Whether the same request may succeed soon. */
  isRepeatable: boolean;
  /** The time that the receiver asks for, in milliseconds. */
  afterMs?: number | undefined;
}

/** The wait after a number of failures in succession, in milliseconds. */
export const backoffMs = (failures: number): number => Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (failures - 1));

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

/** The headers of a receiver's secret, or the reason why it has none. */
export const headersOf = ({ headersSecret }: OtlpSettings, env: object): Record<string, string> | Failure => {
  if (headersSecret === undefined) return {};
  const secret = secretOf(env, headersSecret);
  if (secret === undefined) return { reason: `the secret ${headersSecret} is not set`, isRepeatable: false };
  const reason = `the secret ${headersSecret} does not have the form name=value,…`;
  return headersIn(secret) ?? { reason, isRepeatable: false };
};

/** Whether {@link headersOf} found no headers. */
export const isFailure = (result: object): result is Failure => "isRepeatable" in result;

const gzip = (text: string): Promise<ArrayBuffer> =>
  new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();

/** Posts a body in JSON with gzip. It does not throw for a failure of the receiver. */
export const postJson = async (
  url: string,
  headers: Record<string, string>,
  body: object,
  signal: AbortSignal,
): Promise<TargetResponse | Failure> => {
  const init: RequestInit = {
    ...{ method: "POST", redirect: "manual", signal, body: await gzip(JSON.stringify(body)) },
    headers: { ...headers, "content-type": "application/json", "content-encoding": "gzip" },
  };
  const response = await responseOf(() => fetch(url, init), signal);
  if ("failure" in response) return { reason: response.failure, isRepeatable: true };
  const { status, afterMs } = response;
  if (status >= 200 && status < 300) return response;
  return { reason: `the target responded with status ${status}`, isRepeatable: REPEATABLE.includes(status), afterMs };
};
