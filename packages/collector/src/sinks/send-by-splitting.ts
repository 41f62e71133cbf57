import type { SinkOutcome } from "./sink.ts";

/** Largest number of requests of one attempt. The halves of 10,000 records lead to one of them in 29 requests. */
const MAX_REQUESTS = 64;

/**
 * Sends records in one request. When the target refuses it and does not name a record, sends its halves, until only those
 * records are refused that are refused alone.
 *
 * @param pending Indexes of the records.
 * @param send Sends the records of some indexes. A refusal means that nothing of the request is stored.
 * @returns The outcomes of `pending`, in this order. Records for which no request was left are sent again at once.
 */
export const sendBySplitting = async (
  pending: readonly number[],
  send: (indexes: readonly number[]) => Promise<SinkOutcome>,
): Promise<SinkOutcome[]> => {
  const outcomes = new Map<number, SinkOutcome>();
  const parts: (readonly number[])[] = [pending];
  let failure: SinkOutcome | undefined;
  for (let requests = 0; failure === undefined && requests < MAX_REQUESTS; requests++) {
    const part = parts.shift();
    if (!part) break;
    const outcome = await send(part);
    if (outcome.type === "refused" && part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      parts.unshift(part.slice(0, middle), part.slice(middle));
      continue;
    }
    for (const index of part) outcomes.set(index, outcome);
    // A target that is away is not asked for the rest.
    if (outcome.type === "retry") failure = outcome;
  }
  const rest: SinkOutcome = failure ?? {
    ...{ type: "retry", reason: "the target refuses many records; the search for them continues", afterMs: 0 },
  };
  return pending.map((index) => outcomes.get(index) ?? rest);
};

/** Indexes in ascending order as a text, such as `0-4,6`. */
export const textOfIndexes = (indexes: readonly number[]): string => {
  const ranges: { first: number; last: number }[] = [];
  for (const index of indexes) {
    const range = ranges.at(-1);
    if (range?.last === index - 1) range.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
};
