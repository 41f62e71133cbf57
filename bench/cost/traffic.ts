import type { Batch } from "@tidemark/schema";
import { tab } from "../collector/traffic.ts";

/** A batch and the time at which it is sent. Its times are milliseconds since the start of its visit, or UTC. */
export interface SentBatch {
  at: number;
  batch: Batch;
}

/** The visits of a site. */
export interface Site {
  title: string;
  visits: number;
  /** Time from the beginning of a visit to that of the next one, in milliseconds. Default: one visit at a time. */
  everyMs?: number;
  /** Whether many isolates share the requests. Default: one serves them all. */
  hasManyIsolates?: true;
}

/** Pause between two visits of a site with one visit at a time, in milliseconds. */
const PAUSE_MS = 60_000;

const movedBy = (ms: number, { at, batch }: SentBatch): SentBatch => ({
  at: at + ms,
  batch: {
    ...batch,
    sent_at: batch.sent_at + ms,
    views: batch.views.map((view) => ({ ...view, started_at: view.started_at + ms })),
    events: batch.events.map((event) => ({ ...event, time: event.time + ms })),
  },
});

/** Moves visits to the times at which they begin on a site. Returns all batches in the order of sending. */
export const schedule = ({ visits, everyMs }: Site, start: number, batchesOf: SentBatch[][]): SentBatch[] => {
  let begin = start;
  const moved = Array.from({ length: visits }, (_, visit) => {
    const sent = batchesOf[visit] ?? [];
    const ms = Math.round(begin);
    begin += everyMs ?? (sent.at(-1)?.at ?? 0) + PAUSE_MS;
    return sent.map((each) => movedBy(ms, each));
  });
  return moved.flat().sort((one, other) => one.at - other.at);
};

/** Returns the batches of a visit of the benchmarks' own visitor, with so many events each. */
export const fullBatches = (batches: number, events: number): SentBatch[] => {
  const sent = tab(events, 0);
  return Array.from({ length: batches }, () => {
    const batch = sent.next().value;
    return { at: batch.sent_at, batch };
  });
};

/** The number of events in batches. */
export const countEvents = (batches: readonly SentBatch[]): number =>
  batches.reduce((total, { batch }) => total + batch.events.length, 0);
