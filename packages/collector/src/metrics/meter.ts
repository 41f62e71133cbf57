import { addFigures, type Family, type Figures, figureKey } from "./families.ts";
import type { Metrics } from "./metrics.ts";

/** How long figures are gathered before they are handed over, in milliseconds: what an isolate that dies can lose. */
const HAND_OVER_AFTER_MS = 1_000;

/** Counts in this isolate, and hands over what was counted. Nothing that a client waits for waits for it. */
export interface Meter {
  count(family: Family, labels: Record<string, string | number>, amount: number): void;
  /**
   * Hands over what was counted, once in {@link HAND_OVER_AFTER_MS} however often it is asked.
   *
   * @returns The work, which is to be waited for; `undefined` when it is under way already.
   */
  handOver(metrics: () => DurableObjectStub<Metrics>): Promise<void> | undefined;
}

/** A meter that has counted nothing. */
export const createMeter = (): Meter => {
  let figures: Figures = {};
  let waitsSince = Number.NEGATIVE_INFINITY;

  const handOverLater = async (metrics: () => DurableObjectStub<Metrics>): Promise<void> => {
    waitsSince = Date.now();
    await scheduler.wait(HAND_OVER_AFTER_MS);
    waitsSince = Number.NEGATIVE_INFINITY;
    const counted = figures;
    figures = {};
    try {
      await metrics().add(counted);
    } catch (error) {
      console.error("the metrics could not be handed over; they are kept for the next time", error);
      addFigures(figures, counted);
    }
  };

  return {
    count(family, labels, amount) {
      if (!amount) return;
      const key = figureKey(family, labels);
      figures[key] = (figures[key] ?? 0) + amount;
    },

    handOver(metrics) {
      // A request that is ended takes its wait with it: one that has not come back is not waited for.
      return Date.now() - waitsSince < 2 * HAND_OVER_AFTER_MS ? undefined : handOverLater(metrics);
    },
  };
};
