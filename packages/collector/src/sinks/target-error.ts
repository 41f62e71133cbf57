/** A failure of a target. Its message is the reason of the retry, and contains no secret. */
export class TargetError extends Error {
  override readonly name = "TargetError";
  /** The status of the response; 0 without a response. */
  readonly status: number;
  /** The target's own name for the failure; empty without one. */
  readonly code: string;
  /** The time that the target asks for, in milliseconds; `undefined` without one. */
  readonly afterMs: number | undefined;

  constructor(message: string, status = 0, code = "", afterMs?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.afterMs = afterMs;
  }
}
