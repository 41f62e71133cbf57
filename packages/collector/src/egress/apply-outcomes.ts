import type { Attempt, SinkOutcome, SinkRecord } from "../sinks/sink.ts";
import { retryAfter } from "./backoff.ts";
import type { OpenCut } from "./cut-records.ts";
import type { StoredCut, StoredEgress } from "./stored-egress.ts";

/** Largest number of characters of a stored reason. */
const MAX_REASON = 500;

/** A record that the target has refused. */
export interface RefusedRecord {
  record: SinkRecord;
  reason: string;
}

const planRetry = (cut: StoredCut, outcomes: readonly SinkOutcome[], hasProgress: boolean, now: number): void => {
  cut.failures = hasProgress ? 1 : cut.failures + 1;
  cut.retry_at = now + retryAfter(outcomes, cut.failures, Math.random());
  const failed = outcomes.find(({ type }) => type === "retry");
  if (failed?.type === "retry") cut.reason = failed.reason.slice(0, MAX_REASON);
};

/**
 * Changes the state of an egress by the outcomes of an attempt: counts them, and keeps the cut only with those records that
 * are sent again.
 *
 * @param type Type of the sink's target, to which its state belongs.
 * @returns The refused records.
 */
export const applyOutcomes = (
  state: StoredEgress,
  { stored, records }: OpenCut,
  { outcomes, uncertain = 0, state: ofSink }: Attempt<unknown>,
  type: string,
  now: number,
): RefusedRecord[] => {
  const refused: RefusedRecord[] = [];
  const retried: number[] = [];
  for (const [place, outcome] of outcomes.entries()) {
    const index = stored.pending[place] as number;
    if (outcome.type === "retry") retried.push(index);
    else if (outcome.type === "refused") refused.push({ record: records[index] as SinkRecord, reason: outcome.reason });
  }
  const delivered = outcomes.length - refused.length - retried.length;
  const passed = delivered + refused.length;
  state.attempts[retried.length === 0 ? "complete" : passed > 0 ? "partial" : "failed"] += 1;
  state.uncertain += uncertain;
  if (delivered > 0) state.delivered_at = now;
  state.delivered += delivered;
  state.refused += refused.length;
  if (ofSink !== undefined) state.state = { type, value: ofSink };
  stored.pending = retried;
  if (retried.length === 0) delete state.cut;
  else planRetry(stored, outcomes, passed > 0, now);
  return refused;
};
