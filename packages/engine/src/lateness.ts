/** Bounds of the lateness of events, in milliseconds. */
export interface LatenessOptions {
  /** How far behind the latest event time an event may be and still be on time. Default: 5,000. */
  outOfOrdernessMs?: number;
  /** How far behind the watermark an event may be and still count. Default: 86,400,000, a day. */
  allowedLatenessMs?: number;
}

/** The lateness of an event: not behind the watermark, behind it within the allowed lateness, or further behind. */
export type Lateness = "on_time" | "late" | "too_late";

/**
 * Creates the rule of lateness, in Flink's terms. A stream's time is its latest event time, however long it is idle: so
 * a replay and SQL, which have no clock, classify each event as the live system did.
 */
export const latenessRule = ({ outOfOrdernessMs = 5_000, allowedLatenessMs = 86_400_000 }: LatenessOptions = {}) => ({
  /** How far behind the stream's time an event may be and still count, in milliseconds. */
  maxBehindMs: outOfOrdernessMs + allowedLatenessMs,
  /** The time before which events are late: the stream's time minus the bounded out-of-orderness. */
  watermark: (streamTime: number): number => streamTime - outOfOrdernessMs,
  /** Classifies an event by the stream's time, which is `null` before the first event. */
  classify(streamTime: number | null, time: number): Lateness {
    if (streamTime === null) return "on_time";
    const behind = streamTime - outOfOrdernessMs - time;
    return behind <= 0 ? "on_time" : behind <= allowedLatenessMs ? "late" : "too_late";
  },
});
