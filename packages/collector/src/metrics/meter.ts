import { addSamples, type Family, type Samples, sampleKey } from "./families.ts";
import type { Metrics } from "./metrics.ts";

/** How long figures are gathered before they are handed over, in milliseconds: what an isolate that dies can lose. */
const FLUSH_AFTER_MS = 1_000;

/** Counts in this isolate, and hands over what was counted. Nothing that a client waits for waits for it. */
export interface Meter {
  count(family: Family, labels: Record<string, string | number>, amount: number): void;
  /**
   * Hands over what was counted, once in {@link FLUSH_AFTER_MS} however often it is asked.
   *
   * @returns The work, which is to be waited for; `undefined` when it is under way already.
   */
  flush(metrics: () => DurableObjectStub<Metrics>): Promise<void> | undefined;
}

/** A meter that has counted nothing. */
export const createMeter = (): Meter => {
  let samples: Samples = {};
  let flushingSince = Number.NEGATIVE_INFINITY;

  const flushLater = async (metrics: () => DurableObjectStub<Metrics>): Promise<void> => {
    flushingSince = Date.now();
    await scheduler.wait(FLUSH_AFTER_MS);
    flushingSince = Number.NEGATIVE_INFINITY;
    const counted = samples;
    samples = {};
    try {
      await metrics().add(counted);
    } catch (error) {
      console.error("the metrics could not be handed over; they are kept for the next time", error);
      addSamples(samples, counted);
    }
  };

  return {
    count(family, labels, amount) {
      if (!amount) return;
      const key = sampleKey(family, labels);
      samples[key] = (samples[key] ?? 0) + amount;
    },

    flush(metrics) {
      // A request that is ended takes its wait with it: one that has not come back is not waited for.
      return Date.now() - flushingSince < 2 * FLUSH_AFTER_MS ? undefined : flushLater(metrics);
    },
  };
};
