import { retryAfterOf } from "./webhooks/retry.ts";

/** Largest response that is read, in bytes. Those of 1,000 records are far below. */
const MAX_RESPONSE_BYTES = 2_000_000;

/** A response of a target. */
export interface TargetResponse {
  status: number;
  text: string;
  /** The time that the target asks for in `Retry-After`, in milliseconds. Absent without it. */
  afterMs?: number;
}

/** A failure to get a response, after which the target may have stored the records or not. */
export interface NoResponse {
  failure: string;
}

/** The body of a response as text. A longer one is cut off. */
const textOf = async ({ body }: Response): Promise<string> => {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_RESPONSE_BYTES) break;
  }
  return text;
};

/**
 * Sends a request and reads its response. It does not throw: a failure is its reason, which quotes no address.
 *
 * @param signal Ends the request. The request has it too.
 */
export const responseOf = async (
  request: () => Promise<Response>,
  signal: AbortSignal,
): Promise<TargetResponse | NoResponse> => {
  try {
    const response = await request();
    const text = await textOf(response);
    const afterMs = retryAfterOf(response.headers.get("retry-after"), Date.now());
    return { status: response.status, text, ...(afterMs > 0 ? { afterMs } : {}) };
  } catch {
    return { failure: signal.aborted ? "the target did not respond in time" : "the target could not be reached" };
  }
};

/** A value as JSON; `undefined` for a text that is not JSON. */
export const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
