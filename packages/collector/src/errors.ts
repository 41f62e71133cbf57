import { type ErrorCode, errorCodes } from "@tidemark/schema";

/** A refusal of a whole request. Code throws it anywhere; `http/errors.ts` turns it into the answer. */
export class HttpError extends Error {
  readonly code: ErrorCode;

  /** @param message What was given, what was expected, what to do. */
  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** HTTP status of the answer. */
  get status() {
    return errorCodes[this.code].status;
  }
}

/** The error for a body that is not JSON. */
export const invalidJson = (error: unknown) =>
  new HttpError("invalid_json", `The body is not JSON: ${(error as Error).message}`);
