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

/** Whether a step of a request has failed. */
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
