import type { SinkOutcome } from "../sink.ts";

/** Reasons of rows that were not inserted although they are valid. */
const TRANSIENT: readonly string[] = ["backendError", "internalError", "timeout", "rateLimitExceeded", "quotaExceeded"];

/** The error of a row that was not inserted, because another row of the request is invalid. */
const STOPPED = "stopped";

interface RowError {
  reason?: unknown;
  message?: unknown;
  location?: unknown;
}

const textIn = ({ reason, message, location }: RowError): string =>
  [reason, location, message].filter((part) => typeof part === "string" && part !== "").join(": ");

const hasReason = (errors: readonly RowError[], reasons: readonly string[]): boolean =>
  errors.some(({ reason }) => typeof reason === "string" && reasons.includes(reason));

/** A column that the table does not have yet is no fault of the row. */
const isMissingColumn = ({ message }: RowError): boolean =>
  typeof message === "string" && /^no such field\b/i.test(message);

const outcomeOf = (errors: readonly RowError[]): SinkOutcome => {
  const reason = errors.map(textIn).join("; ") || "BigQuery did not insert the row, without a reason";
  if (errors.length === 0 || hasReason(errors, TRANSIENT)) return { type: "retry", reason };
  if (errors.some(isMissingColumn))
    return { type: "retry", reason: `${reason}: run the statements of tidemark warehouse ddl bigquery` };
  return hasReason(errors, [STOPPED]) ? { type: "retry", reason } : { type: "refused", reason };
};

/**
 * Reads the outcome of each row of a request. With an invalid row BigQuery inserts none: the others are `stopped`, and are
 * sent again at once, without the refused ones.
 *
 * @param body The JSON of the response.
 * @param count Number of rows in the request.
 */
export const rowOutcomes = (body: unknown, count: number): SinkOutcome[] => {
  const { insertErrors } = (body ?? {}) as { insertErrors?: { index?: number; errors?: RowError[] }[] };
  const outcomes = Array.from({ length: count }, (): SinkOutcome => ({ type: "delivered" }));
  const stopped: number[] = [];
  for (const { index = -1, errors = [] } of insertErrors ?? []) {
    if (outcomes[index] === undefined) continue;
    outcomes[index] = outcomeOf(errors);
    if (hasReason(errors, [STOPPED])) stopped.push(index);
  }
  // A request without any change of its rows would only be stopped again.
  const isShorter = outcomes.some(({ type }) => type === "refused");
  const isBlocked = outcomes.some(({ type }, index) => type === "retry" && !stopped.includes(index));
  if (isShorter && !isBlocked)
    for (const index of stopped) outcomes[index] = { type: "retry", reason: STOPPED, afterMs: 0 };
  return outcomes;
};
