/** How long events may take, in milliseconds. */
export interface LatenessOptions {
  /** How much later than a younger event one may arrive and still be on time. Default: 5,000. */
  outOfOrdernessMs?: number;
  /** How far behind the watermark an event may be and still count. Default: a day. */
  allowedLatenessMs?: number;
}

/** When an event arrived: before the watermark passed it; after, but within the allowed lateness; or later still. */
export type Arrival = "on_time" | "late" | "too_late";

/** The rule by which events are late, in Flink's words. */
export const lateness = ({ outOfOrdernessMs = 5_000, allowedLatenessMs = 86_400_000 }: LatenessOptions = {}) => ({
  /** Events further behind the source's sourceTime than this do not count, in milliseconds. */
  maxBehindMs: outOfOrdernessMs + allowedLatenessMs,
  /** Events before this are late: the source's sourceTime, less the bounded out-of-orderness. */
  watermark: (sourceTime: number): number => sourceTime - outOfOrdernessMs,
  /** When an event of `time` arrived at a source whose time has come as far as `sourceTime` (`null`: it is the first). */
  arrival(sourceTime: number | null, time: number): Arrival {
    if (sourceTime === null) return "on_time";
    const behind = sourceTime - outOfOrdernessMs - time;
    return behind <= 0 ? "on_time" : behind <= allowedLatenessMs ? "late" : "too_late";
  },
});
