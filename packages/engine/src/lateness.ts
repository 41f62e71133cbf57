/** Bounds of the lateness of events, in milliseconds. */
export interface LatenessOptions {
  /** How far behind the latest event time an event may be and still be on time. Default: 5,000. */
  outOfOrdernessMs?: number;
  /** How far behind the watermark an event may be and still count. Default: 86,400,000, a day. */
  allowedLatenessMs?: number;
}

/** The arrival of an event: not behind the watermark, behind it within the allowed lateness, or further behind. */
export type Arrival = "on_time" | "late" | "too_late";

/**
 * Creates the rule of lateness, in Flink's terms. A source's time is its latest event time, or a later processing time
 * that an idle source was advanced to.
 */
export const lateness = ({ outOfOrdernessMs = 5_000, allowedLatenessMs = 86_400_000 }: LatenessOptions = {}) => ({
  /** Largest distance of an event that counts behind the source's time, in milliseconds. */
  maxBehindMs: outOfOrdernessMs + allowedLatenessMs,
  /** The time before which events are late: the source's time minus the bounded out-of-orderness. */
  watermark: (sourceTime: number): number => sourceTime - outOfOrdernessMs,
  /** Classifies an event by the source's time, which is `null` before the first event. */
  arrival(sourceTime: number | null, time: number): Arrival {
    if (sourceTime === null) return "on_time";
    const behind = sourceTime - outOfOrdernessMs - time;
    return behind <= 0 ? "on_time" : behind <= allowedLatenessMs ? "late" : "too_late";
  },
});
