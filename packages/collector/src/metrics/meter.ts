import {
  addSamples,
  type Family,
  families,
  type HistogramFamily,
  histogramKey,
  type LabelsOf,
  type Samples,
  sampleKey,
} from "./families.ts";
import type { Metrics } from "./metrics.ts";
import { SeriesSums } from "./series.ts";

/**
 * Delay of a flush, in milliseconds. An isolate that stops loses the counts since its latest flush. Of a quiet site, the calls
 * and rows of flushes are the cost of its metrics.
 */
const FLUSH_AFTER_MS = 2_000;

/** Minimum time between two sends without a delay, and between two takes, in milliseconds. */
const SEND_EVERY_MS = 10_000;
const TAKE_EVERY_MS = 1_000;

/**
 * Counts events, requests and waits in this isolate, and sends the counts to the `Metrics` object. No response waits for it.
 */
export interface Meter {
  count<F extends Exclude<Family, HistogramFamily>>(family: F, labels: LabelsOf<F>, amount: number): void;
  /** Adds a value to a histogram. */
  observe<F extends HistogramFamily>(family: F, labels: LabelsOf<F>, value: number): void;
  /** Adds counts of another isolate. */
  add(samples: Samples): void;
  /**
   * Sends the counts after {@link FLUSH_AFTER_MS}. A Durable Object that is billed by its time uses `send` instead.
   *
   * @returns A promise for `waitUntil`; `undefined` when another call already waits to send them.
   */
  flush(metrics: () => DurableObjectStub<Metrics>): Promise<void> | undefined;
  /**
   * Sends the counts at once, at most every {@link SEND_EVERY_MS}: the latest ones wait for the next call.
   *
   * @returns A promise for `waitUntil`; `undefined` when there is nothing to send now.
   */
  send(metrics: () => DurableObjectStub<Metrics>): Promise<void> | undefined;
  /**
   * Takes the counts away, at most every {@link TAKE_EVERY_MS}, for a response that carries them to another isolate. So
   * an object needs no call of its own.
   */
  take(): Samples | undefined;
}

/** The values of a series of a histogram since the latest flush. */
interface Observed {
  family: HistogramFamily;
  /** Number of values by bucket, each between the bound before and its own. */
  buckets: number[];
  sum: number;
}

/** Adds the values of a histogram to samples. A bucket of samples has the values between the bound before and its own. */
const addObserved = (samples: Samples, key: string, { family, buckets, sum }: Observed): void => {
  const bounds: readonly number[] = families[family].bounds;
  let count = 0;
  for (const [index, amount] of buckets.entries()) {
    if (!amount) continue;
    addSamples(samples, { [histogramKey(key, "bucket", bounds[index] ?? "+Inf")]: amount });
    count += amount;
  }
  addSamples(samples, { [histogramKey(key, "sum")]: sum, [histogramKey(key, "count")]: count });
};

/** Creates a meter without counts. */
export const createMeter = (): Meter => {
  let samples: Samples = {};
  let observed = new Map<string, Observed>();
  let flushingSince = Number.NEGATIVE_INFINITY;
  let sentAt = Number.NEGATIVE_INFINITY;
  let takenAt = Number.NEGATIVE_INFINITY;

  const takeAll = (): Samples => {
    const counted = samples;
    for (const [key, each] of observed) addObserved(counted, key, each);
    samples = {};
    observed = new Map();
    return counted;
  };

  const sendAll = async (metrics: () => DurableObjectStub<Metrics>): Promise<void> => {
    const counted = takeAll();
    try {
      await metrics().add(counted);
    } catch (error) {
      console.error("the metrics could not be stored; their counts are kept for the next attempt", error);
      // Clients can choose labels, and the object may be away for long: it has the same bound.
      const kept = new SeriesSums();
      kept.add(counted);
      kept.add(samples);
      samples = kept.samples;
      meter.count("tidemark_object_errors_total", { object: "Metrics" }, 1);
    }
  };

  const flushLater = async (metrics: () => DurableObjectStub<Metrics>): Promise<void> => {
    flushingSince = Date.now();
    await scheduler.wait(FLUSH_AFTER_MS);
    flushingSince = Number.NEGATIVE_INFINITY;
    await sendAll(metrics);
  };

  const hasCounts = (): boolean => {
    if (observed.size > 0) return true;
    for (const _ in samples) return true;
    return false;
  };

  const meter: Meter = {
    count(family, labels, amount) {
      if (!amount) return;
      const key = sampleKey(family, labels);
      samples[key] = (samples[key] ?? 0) + amount;
    },

    observe(family, labels, value) {
      const key = sampleKey(family, labels);
      let series = observed.get(key);
      if (!series) {
        series = { family, buckets: Array.from({ length: families[family].bounds.length + 1 }, () => 0), sum: 0 };
        observed.set(key, series);
      }
      const bucket = families[family].bounds.findIndex((bound) => value <= bound);
      const index = bucket < 0 ? series.buckets.length - 1 : bucket;
      series.buckets[index] = (series.buckets[index] ?? 0) + 1;
      series.sum += value;
    },

    add: (more) => addSamples(samples, more),

    flush(metrics) {
      // The runtime may end a request before its wait ends. A flush that takes too long is therefore replaced.
      return Date.now() - flushingSince < 2 * FLUSH_AFTER_MS ? undefined : flushLater(metrics);
    },

    send(metrics) {
      // The distance is absolute, because the clock may have been set back.
      if (Math.abs(Date.now() - sentAt) < SEND_EVERY_MS || !hasCounts()) return undefined;
      sentAt = Date.now();
      return sendAll(metrics);
    },

    take() {
      if (Math.abs(Date.now() - takenAt) < TAKE_EVERY_MS || !hasCounts()) return undefined;
      takenAt = Date.now();
      return takeAll();
    },
  };
  return meter;
};
