import { type ErrorCode, errorCodes } from "@tidemark/schema";

/** A request that is refused as a whole: thrown anywhere on its path, answered in one place. */
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

/** The refusal of a body that cannot be read as JSON. */
export const invalidJson = (error: unknown) =>
  new HttpError("invalid_json", `The body is not JSON: ${(error as Error).message}`);
