import type { Event, Rejection } from "@tidemark/schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QueuedBatch } from "../../src/events/queued-batch.ts";
import { createEventLog, type EventEntry, type EventState, MAX_ENTRIES } from "../../src/inspector/event-log.ts";

const eventOf = (seq: number) => ({ type: "custom", name: `event ${seq}`, seq, time: seq, view_id: "view" }) as Event;

const batchOf = (tab_id: string, from: number, count: number, dropped: QueuedBatch["dropped"] = []) =>
  ({
    tab_id,
    events: Array.from({ length: count }, (_, index) => eventOf(from + index)),
    dropped,
  }) as unknown as QueuedBatch;

const rejectionOf = (index: number): Rejection => ({
  index,
  code: "invalid_field",
  path: "name",
  message: "name: expected less",
});

const responseTo = (batch: QueuedBatch, rejected: number[] = []) => ({
  ...batch,
  accepted: batch.events.length - rejected.length,
  duplicates: 0,
  rejected: rejected.map(rejectionOf),
});

/** An event log, and the latest entry that it reported for each event. */
const createLog = () => {
  const reported = new Map<number, EventEntry>();
  const log = createEventLog((entry) => reported.set(entry.event.seq, entry));
  return {
    log,
    stateOf: (seq: number) => reported.get(seq)?.state,
    reasonOf: (seq: number) => reported.get(seq)?.reason,
  };
};

describe("the event log", () => {
  it("records the state of each event of a batch, up to its acceptance or rejection", () => {
    const { log, stateOf, reasonOf } = createLog();
    const batch = batchOf("tab", 0, 3);
    for (const event of batch.events) log.captured({ ...event, tab_id: "tab" });
    expect([0, 1, 2].map(stateOf)).toEqual(["captured", "captured", "captured"]);
    log.sent(batch);
    expect([0, 1, 2].map(stateOf)).toEqual(["sent", "sent", "sent"]);
    log.acknowledged(responseTo(batch, [1]));
    expect([0, 1, 2].map(stateOf)).toEqual(["acknowledged", "rejected", "acknowledged"]);
    expect(reasonOf(1)).toBe("name: expected less (invalid_field)");
    expect(log.totals).toEqual({ captured: 3, sent: 3, acknowledged: 2, rejected: 1, dropped: 0 });
  });

  it("adds earlier events when they are sent or acknowledged", () => {
    const { log, stateOf } = createLog();
    log.sent(batchOf("tab", 0, 2));
    log.acknowledged(responseTo(batchOf("tab", 2, 1)));
    expect([0, 1, 2].map(stateOf)).toEqual(["sent", "sent", "acknowledged"]);
    expect(log.totals).toEqual({ captured: 3, sent: 3, acknowledged: 1, rejected: 0, dropped: 0 });
  });

  it("counts an event that is sent twice once", () => {
    const { log } = createLog();
    const batch = batchOf("tab", 0, 2);
    log.sent(batch);
    log.sent(batch);
    expect([...log.entries()].map(({ sendings }) => sendings)).toEqual([2, 2]);
    expect(log.totals).toMatchObject({ captured: 2, sent: 2 });
  });

  it("marks all events of a rejected batch as dropped immediately", () => {
    const { log, stateOf, reasonOf } = createLog();
    log.sent(batchOf("tab", 0, 2));
    log.sent(batchOf("tab", 2, 1));
    log.rejected({ ...batchOf("tab", 0, 2), code: "unknown_key", message: "no site" });
    expect([0, 1, 2].map(stateOf)).toEqual(["dropped", "dropped", "sent"]);
    expect(reasonOf(0)).toBe("The collector rejected the whole batch: no site (unknown_key)");
  });

  it("marks the events dropped that the next batch of their tab reports", () => {
    const { log, stateOf, reasonOf } = createLog();
    for (const tab_id of ["tab", "other"])
      for (const seq of [0, 1, 2]) log.captured({ ...eventOf(tab_id === "tab" ? seq : seq + 10), tab_id });
    log.sent(batchOf("tab", 2, 1, [{ from_seq: 0, to_seq: 1, reason: "overflow" }]));
    expect([0, 1, 2, 10, 11].map(stateOf)).toEqual(["dropped", "dropped", "sent", "captured", "captured"]);
    expect(reasonOf(0)).toMatch(/waited/);
    expect(log.totals).toEqual({ captured: 6, sent: 1, acknowledged: 0, rejected: 0, dropped: 2 });
  });

  it("keeps the latest events and all unfinished ones, and counts the removed ones too", () => {
    const { log } = createLog();
    log.sent(batchOf("waiting", 0, 5));
    for (let from = 0; from < 1_000; from += 50) {
      log.sent(batchOf("tab", from, 50));
      log.acknowledged(responseTo(batchOf("tab", from, 50)));
    }
    const kept = [...log.entries()];
    expect(kept).toHaveLength(MAX_ENTRIES);
    expect(kept.filter(({ state }) => state === "sent")).toHaveLength(5);
    expect(kept.at(-1)?.event.seq).toBe(999);
    expect(log.totals).toEqual({ captured: 1_005, sent: 1_005, acknowledged: 1_000, rejected: 0, dropped: 0 });
  });

  it("has totals equal to its entries after any sequence of batches", () => {
    const step = fc.record({
      step: fc.constantFrom("captured", "sent", "acknowledged", "refused" as const),
      from: fc.nat(20),
      count: fc.integer({ min: 1, max: 8 }),
      rejected: fc.uniqueArray(fc.nat(7)),
      dropped: fc.option(fc.record({ from_seq: fc.nat(20), length: fc.nat(5) })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { log } = createLog();
        for (const { step, from, count, rejected, dropped } of steps) {
          const lost = dropped && {
            from_seq: dropped.from_seq,
            to_seq: dropped.from_seq + dropped.length,
            reason: "expired" as const,
          };
          const batch = batchOf("tab", from, count, lost ? [lost] : []);
          if (step === "captured") log.captured({ ...eventOf(from), tab_id: "tab" });
          if (step === "sent") log.sent(batch);
          if (step === "acknowledged")
            log.acknowledged(
              responseTo(
                batch,
                rejected.filter((index) => index < count),
              ),
            );
          if (step === "refused") log.rejected({ ...batch, code: "unknown_key", message: "no site" });
        }
        const entries = [...log.entries()];
        const countOf = (state: EventState) => entries.filter((entry) => entry.state === state).length;
        expect(log.totals).toEqual({
          captured: entries.length,
          sent: entries.filter(({ sendings }) => sendings).length,
          acknowledged: countOf("acknowledged"),
          rejected: countOf("rejected"),
          dropped: countOf("dropped"),
        });
      }),
    );
  });
});
