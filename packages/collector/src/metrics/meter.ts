import {
  addSamples,
  type Family,
  type HistogramFamily,
  histogramSamples,
  type Samples,
  sampleKey,
} from "./families.ts";
import type { Metrics } from "./metrics.ts";

/** Delay of a flush, in milliseconds. An isolate that stops loses the counts since its latest flush. */
const FLUSH_AFTER_MS = 1_000;

/**
 * Counts events and requests in this isolate, and sends the counts to the `Metrics` object. No response waits for it.
 */
export interface Meter {
  count(family: Exclude<Family, HistogramFamily>, labels: Record<string, string | number>, amount: number): void;
  /** Adds a value to a histogram. */
  observe(family: HistogramFamily, labels: Record<string, string | number>, value: number): void;
  /**
   * Sends the counts after {@link FLUSH_AFTER_MS}.
   *
   * @returns A promise for `waitUntil`; `undefined` when another call already waits to send them.
   */
  flush(metrics: () => DurableObjectStub<Metrics>): Promise<void> | undefined;
}

/** Creates a meter without counts. */
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
      console.error("the metrics could not be stored; their counts are kept for the next attempt", error);
      addSamples(samples, counted);
    }
  };

  return {
    count(family, labels, amount) {
      if (!amount) return;
      const key = sampleKey(family, labels);
      samples[key] = (samples[key] ?? 0) + amount;
    },

    observe(family, labels, value) {
      addSamples(samples, histogramSamples(family, labels, value));
    },

    flush(metrics) {
      // The runtime may end a request before its wait ends. A flush that takes too long is therefore replaced.
      return Date.now() - flushingSince < 2 * FLUSH_AFTER_MS ? undefined : flushLater(metrics);
    },
  };
};
