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
