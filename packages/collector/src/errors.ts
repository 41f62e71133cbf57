import { type ErrorCode, errorCodes } from "@tidemark/schema";

/** An error that rejects a whole request. Any module may throw it; `http/errors.ts` turns it into the response. */
export class HttpError extends Error {
  readonly code: ErrorCode;

  /** @param message Names the given value, the expected one, and the next step for the client. */
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** HTTP status of the response. */
  get status() {
    return errorCodes[this.code].status;
  }
}

/** The error for a body that is not JSON. */
export const invalidJson = (error: unknown) =>
  new HttpError("invalid_json", `The body is not JSON: ${(error as Error).message}`);

/** Whether an error means that a Durable Object was overloaded or unreachable: the runtime marks such errors. */
const isUnreachable = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  ["overloaded", "retryable", "durableObjectReset"].some((mark) => (error as Record<string, unknown>)[mark] === true);

/** The error of the response for any error. It logs a defect or an unreachable object. */
export const toHttpError = (error: unknown): HttpError => {
  if (error instanceof HttpError) return error;
  console.error("a request failed", error);
  return isUnreachable(error)
    ? new HttpError("unavailable", "The storage of the requested data could not be reached. Send the request again.")
    : new HttpError("internal", "The collector failed. Nothing was stored; send the request again.");
};
