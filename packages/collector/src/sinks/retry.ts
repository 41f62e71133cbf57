import type { SinkOutcome } from "./sink.ts";

/** A repetition, after the time that the target asks for. */
export const retry = (reason: string, afterMs?: number): SinkOutcome => ({
  ...{ type: "retry", reason },
  ...(afterMs === undefined ? {} : { afterMs }),
});
