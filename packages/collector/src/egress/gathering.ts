import type { Sink } from "../sinks/sink.ts";

/** The growth of a partition's stream: the records in it since its beginning, and the length of their JSON. */
export interface StreamGrowth {
  record_count: number;
  record_characters: number;
}

/** The time until which records gather for a cut, and the growth of the stream from which they fill one before. */
export interface Gathering extends StreamGrowth {
  /** UTC milliseconds. */
  until: number;
}

/**
 * Begins to gather records for a cut of a sink.
 *
 * @param latest The growth of the stream now; `undefined` if it is unknown. The cut then waits for its time.
 */
export const beginGathering = (
  { limits, gatherMs = 0 }: Sink,
  latest: StreamGrowth | undefined,
  now: number,
): Gathering => ({
  until: now + gatherMs,
  record_count: (latest?.record_count ?? Number.POSITIVE_INFINITY) + limits.records,
  record_characters: (latest?.record_characters ?? Number.POSITIVE_INFINITY) + limits.bytes,
});

/** Whether records have gathered for as long as the sink says, or fill a cut. */
export const hasGathered = (
  { until, record_count, record_characters }: Gathering,
  { gatherMs = 0 }: Sink,
  latest: StreamGrowth | undefined,
  now: number,
): boolean =>
  // A time far in the future was stored before the clock was set back.
  until <= now ||
  until > now + gatherMs ||
  (latest !== undefined && (latest.record_count >= record_count || latest.record_characters >= record_characters));
