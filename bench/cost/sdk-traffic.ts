import type { Batch } from "@tidemark/schema";
import type { SignalContext, Tracker, TrackerOptions } from "@tidemark/sdk";
import { createSimulation, type Page, type Simulation } from "../../tests/simulation/simulation.ts";
import { site } from "../collector/traffic.ts";
import { randomFrom } from "../collector/visitor.ts";
import type { SentBatch } from "./traffic.ts";
import type { Visit } from "./visits.ts";

/** Time after the end of a visit for which its requests are recorded, in milliseconds. */
const END_MS = 10_000;

/** Makes the times of a batch relative to the start of its visit. */
const sinceStart = (start: number, batch: Batch): Batch => ({
  ...batch,
  sent_at: batch.sent_at - start,
  views: batch.views.map((view) => ({ ...view, started_at: view.started_at - start })),
  events: batch.events.map((event) => ({ ...event, time: event.time - start })),
});

/** Options of {@link playVisit}. */
interface PlayOptions {
  /** Options of the trackers that differ from their defaults. */
  options?: Partial<TrackerOptions>;
  /** Called for each page, with its tracker. */
  onLoad?(tracker: Tracker): void;
}

/** Plays a visit in a simulation, until its requests have ended. The SDK's own code decides when it sends. */
export const playVisit = async (
  simulation: Simulation,
  visit: Visit,
  seed: number,
  { options = {}, onLoad }: PlayOptions,
): Promise<void> => {
  const start = simulation.now;
  let page: Page | undefined;
  let signal: SignalContext | undefined;

  const load = () => {
    page?.leave();
    const record = (context: SignalContext) => {
      signal = context;
      return () => {};
    };
    page = simulation.open(page, 0, { ...options, signals: [record] });
    onLoad?.(page.tracker);
  };

  for (const step of visit(seed)) {
    await simulation.advance(start + step.at - simulation.now);
    if ("view" in step) {
      if (step.view === "load") load();
      page?.navigate(step.url);
      signal?.beginView(step.view, { title: `Tide tables: ${step.url}`, language: "en-GB" });
    } else if ("event" in step) {
      const { type, ...fields } = step.event;
      signal?.capture(type, fields as never);
    } else page?.show(step.isVisible);
  }
  page?.leave();
  await simulation.advance(END_MS);
  if (simulation.violations.length > 0) throw new Error(simulation.violations.join("\n"));
};

/**
 * Returns the batches that the SDK sends of a visit, on simulated time and without faults.
 *
 * @param options Options of the tracker that differ from its defaults.
 */
export const sentBatches = async (
  visit: Visit,
  seed: number,
  options: Partial<TrackerOptions> = {},
): Promise<SentBatch[]> => {
  const simulation = createSimulation(randomFrom(seed));
  const start = simulation.now;
  const sent: SentBatch[] = [];
  await playVisit(simulation, visit, seed, {
    options: { key: site.key, ...options },
    onLoad(tracker) {
      tracker.on("sent", (queued) => {
        const batch = { key: site.key, sent_at: simulation.now, ...queued } as Batch;
        sent.push({ at: simulation.now - start, batch: sinceStart(start, structuredClone(batch)) });
      });
    },
  });
  return sent;
};
