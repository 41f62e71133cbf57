import type { BatchResponse, ErrorResponse } from "@tidemark/schema";
import { Array, Date, JSON, Number, Object } from "../platform.ts";

/** The outcome of a request. */
export interface Outcome {
  /** Status of the response; 0 when there is none. */
  status: number;
  /** The collector's response to the batch; absent when the request failed. */
  response?: BatchResponse;
  /** The collector's error; absent when the response is not the collector's. */
  error?: ErrorResponse["error"] | undefined;
  /** Whether something else than the collector's route responded, with a status that asks for no retry. */
  isForeign: boolean;
  /** Error text; absent when the request succeeded. */
  problem?: string;
  /** Shortest wait before a retry, in milliseconds; absent when a retry is pointless. */
  retryAfterMs?: number | undefined;
}

/** Most characters of an unknown response in an error text. */
const MAX_PROBLEM_TEXT = 200;

/** Whether a status is worth a retry: timeout, too early, too many requests, and server errors. */
const isTransient = (status: number): boolean => /^(5|408|425|429)/.test(`${status}`);

/** Parses `Retry-After`, in seconds or as a date, to milliseconds: 0 when absent, negative for a date in the past. */
const parseRetryAfter = (value: string | null): number =>
  Number(value) * 1000 || Date.parse(value as string) - Date.now() || 0;

const parseObject = (text: string): Partial<BatchResponse & ErrorResponse> => {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
};

const isBatchResponse = (body: Partial<BatchResponse>): body is BatchResponse =>
  Number.isInteger(body.accepted) &&
  Number.isInteger(body.duplicates) &&
  Array.isArray(body.rejected) &&
  body.rejected.every((rejection) => rejection?.code);

/** Whether an error has the form of the collector's. Other services have codes such as 404 and ResourceNotFound. */
const isError = (error: ErrorResponse["error"] | undefined): boolean =>
  typeof error?.code === "string" && /^[a-z_]+$/.test(error.code) && typeof error.message === "string";

/**
 * Reads the response to a batch. Between a page and its collector may be others that respond: a proxy, a service
 * worker, a hotel's network, the next owner of a domain. So a response is the collector's only in the form of the
 * contract. Unknown keys are ignored. Each other response is a failure, and worth a retry.
 */
export const outcomeOf = ({ status, ok, headers }: Response, text: string): Outcome => {
  const body = parseObject(text);
  if (ok && isBatchResponse(body)) return { status, response: body, isForeign: false };
  const error = isError(body.error) ? body.error : undefined;
  // A collector responds with 404 when the path of the endpoint is wrong, not the batch.
  const isForeign = !isTransient(status) && (ok || !error || status === 404);
  return {
    status,
    error,
    isForeign,
    problem: `${isForeign ? "not a response of a collector: " : ""}${status} ${text.slice(0, MAX_PROBLEM_TEXT)}`,
    retryAfterMs: isForeign || isTransient(status) ? parseRetryAfter(headers.get("retry-after")) : undefined,
  };
};
