/**
 * Statuses of HTTP with which a target refuses the records of a request themselves: 400 and 422 because of their content, 413
 * because of their size.
 */
const OF_RECORDS: readonly number[] = [400, 413, 422];

/** The likely causes of statuses that concern the configuration. */
const CAUSES: Readonly<Record<number, string>> = {
  401: "the target does not accept the secrets of the sink",
  403: "the target does not allow the sink to write",
  404: "the target does not know the address of the sink",
  405: "the address of the sink takes no such request",
  410: "the target has no such address any more",
};

/**
 * Whether a status refuses records. After any other one the records are sent again: it concerns the target or the configuration,
 * which an operator corrects.
 */
export const refusesRecords = (status: number): boolean => OF_RECORDS.includes(status);

/** A reason with the likely cause of a status, if it concerns the configuration. */
export const withCause = (reason: string, status: number): string => {
  const cause = CAUSES[status];
  return cause ? `${reason}: ${cause}` : reason;
};
