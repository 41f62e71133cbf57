import { describe, expect, it } from "vitest";
import { type BatchTraceOptions, batchTraces } from "../../src/delivery/batch-traces.ts";
import { createEmitter } from "../../src/events/emitter.ts";
import type { QueuedBatch } from "../../src/events/queued-batch.ts";
import type { TrackerEventMap } from "../../src/events/tracker-events.ts";

const PAGE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

/** Sends batches, and returns their trace contexts. */
const sendBatches = (amount: number, options?: BatchTraceOptions) => {
  const { on, emit } = createEmitter<TrackerEventMap>();
  const stop = batchTraces(options)({ on });
  const batches = Array.from({ length: amount }, () => ({}) as QueuedBatch);
  for (const batch of batches) emit("sent", batch);
  return { emit, stop, batches, traceparents: batches.map(({ traceparent }) => traceparent) };
};

describe("batchTraces", () => {
  it("gives a share of the batches traces of their own", () => {
    const { traceparents } = sendBatches(400, { share: 0.5 });
    const traced = traceparents.filter((each) => each !== undefined);
    // Beyond these bounds once in 10^12 runs.
    expect(traced.length).toBeGreaterThan(120);
    expect(traced.length).toBeLessThan(280);
    expect(new Set(traced).size).toBe(traced.length);
    for (const each of traced) expect(each).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
  });

  it("gives none by default, and all with the share 1", () => {
    expect(sendBatches(50).traceparents).toEqual(Array(50).fill(undefined));
    expect(sendBatches(50, { share: 1 }).traceparents.every(Boolean)).toBe(true);
  });

  it.each([
    [`${PAGE}-01`, `${PAGE}-01`],
    [`${PAGE}-03`, `${PAGE}-03`],
    [`${PAGE}-00`, undefined],
    [`01${PAGE.slice(2)}-01`, undefined],
    ["", undefined],
    [7, undefined],
    [Symbol("x"), undefined],
    [undefined, undefined],
  ])("of the context %s of the page's tracer sends %s", (given, sent) => {
    const { traceparents } = sendBatches(1, { share: 1, traceparent: () => given as string });
    expect(traceparents).toEqual([sent]);
  });

  it("keeps the decision about a batch that is sent again", () => {
    for (const share of [0, 0.5, 1]) {
      const { emit, batches, traceparents } = sendBatches(50, { share });
      for (const batch of batches) emit("sent", batch);
      expect(batches.map(({ traceparent }) => traceparent)).toEqual(traceparents);
    }
  });

  it("gives none after it is stopped", () => {
    const { emit, stop } = sendBatches(0, { share: 1 });
    stop();
    const batch = {} as QueuedBatch;
    emit("sent", batch);
    expect(batch.traceparent).toBeUndefined();
  });
});
