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

const answerTo = (batch: QueuedBatch, rejected: number[] = []) => ({
  ...batch,
  accepted: batch.events.length - rejected.length,
  duplicates: 0,
  rejected: rejected.map(rejectionOf),
});

/** A journal, and what it told of each event last. */
const keepJournal = () => {
  const told = new Map<number, EventEntry>();
  const journal = createEventLog((entry) => told.set(entry.event.seq, entry));
  return { journal, stateOf: (seq: number) => told.get(seq)?.state, reasonOf: (seq: number) => told.get(seq)?.reason };
};

describe("a journal", () => {
  it("follows each event of a batch to its own verdict", () => {
    const { journal, stateOf, reasonOf } = keepJournal();
    const batch = batchOf("tab", 0, 3);
    for (const event of batch.events) journal.captured({ ...event, tab_id: "tab" });
    expect([0, 1, 2].map(stateOf)).toEqual(["captured", "captured", "captured"]);
    journal.sent(batch);
    expect([0, 1, 2].map(stateOf)).toEqual(["sent", "sent", "sent"]);
    journal.acknowledged(answerTo(batch, [1]));
    expect([0, 1, 2].map(stateOf)).toEqual(["acknowledged", "rejected", "acknowledged"]);
    expect(reasonOf(1)).toBe("name: expected less (invalid_field)");
    expect(journal.totals).toEqual({ captured: 3, sent: 3, acknowledged: 2, rejected: 1, dropped: 0 });
  });

  it("learns of events from before it began when they are sent, or answered", () => {
    const { journal, stateOf } = keepJournal();
    journal.sent(batchOf("tab", 0, 2));
    journal.acknowledged(answerTo(batchOf("tab", 2, 1)));
    expect([0, 1, 2].map(stateOf)).toEqual(["sent", "sent", "acknowledged"]);
    expect(journal.totals).toEqual({ captured: 3, sent: 3, acknowledged: 1, rejected: 0, dropped: 0 });
  });

  it("counts an event that is sent again once", () => {
    const { journal } = keepJournal();
    const batch = batchOf("tab", 0, 2);
    journal.sent(batch);
    journal.deliveryProblem("503");
    journal.sent(batch);
    expect([...journal.entries()].map(({ sendings }) => sendings)).toEqual([2, 2]);
    expect(journal.totals).toMatchObject({ captured: 2, sent: 2 });
  });

  it("says that a batch was refused as a whole, at once", () => {
    const { journal, stateOf, reasonOf } = keepJournal();
    journal.sent(batchOf("tab", 0, 2));
    journal.deliveryProblem("refused");
    expect([0, 1].map(stateOf)).toEqual(["dropped", "dropped"]);
    expect(reasonOf(0)).toMatch(/refused the whole batch/);
  });

  it("says what was given up, as the next batch of its tab reports it", () => {
    const { journal, stateOf, reasonOf } = keepJournal();
    for (const tab_id of ["tab", "other"])
      for (const seq of [0, 1, 2]) journal.captured({ ...eventOf(tab_id === "tab" ? seq : seq + 10), tab_id });
    journal.sent(batchOf("tab", 2, 1, [{ from_seq: 0, to_seq: 1, reason: "overflow" }]));
    expect([0, 1, 2, 10, 11].map(stateOf)).toEqual(["dropped", "dropped", "sent", "captured", "captured"]);
    expect(reasonOf(0)).toMatch(/waited/);
    expect(journal.totals).toEqual({ captured: 6, sent: 1, acknowledged: 0, rejected: 0, dropped: 2 });
  });

  it("keeps the latest events and all that are under way, and counts the forgotten too", () => {
    const { journal } = keepJournal();
    journal.sent(batchOf("waiting", 0, 5));
    for (let from = 0; from < 1_000; from += 50) {
      journal.sent(batchOf("tab", from, 50));
      journal.acknowledged(answerTo(batchOf("tab", from, 50)));
    }
    const kept = [...journal.entries()];
    expect(kept).toHaveLength(MAX_ENTRIES);
    expect(kept.filter(({ state }) => state === "sent")).toHaveLength(5);
    expect(kept.at(-1)?.event.seq).toBe(999);
    expect(journal.totals).toEqual({ captured: 1_005, sent: 1_005, acknowledged: 1_000, rejected: 0, dropped: 0 });
  });

  it("counts as many events in each state as are there, whatever happens to batches", () => {
    const step = fc.record({
      what: fc.constantFrom("captured", "sent", "answered", "refused" as const),
      from: fc.nat(20),
      count: fc.integer({ min: 1, max: 8 }),
      rejected: fc.uniqueArray(fc.nat(7)),
      dropped: fc.option(fc.record({ from_seq: fc.nat(20), length: fc.nat(5) })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { journal } = keepJournal();
        for (const { what, from, count, rejected, dropped } of steps) {
          const lost = dropped && {
            from_seq: dropped.from_seq,
            to_seq: dropped.from_seq + dropped.length,
            reason: "expired" as const,
          };
          const batch = batchOf("tab", from, count, lost ? [lost] : []);
          if (what === "captured") journal.captured({ ...eventOf(from), tab_id: "tab" });
          if (what === "sent") journal.sent(batch);
          if (what === "answered")
            journal.acknowledged(
              answerTo(
                batch,
                rejected.filter((index) => index < count),
              ),
            );
          if (what === "refused") journal.deliveryProblem("refused");
        }
        const entries = [...journal.entries()];
        const number = (state: EventState) => entries.filter((entry) => entry.state === state).length;
        expect(journal.totals).toEqual({
          captured: entries.length,
          sent: entries.filter(({ sendings }) => sendings).length,
          acknowledged: number("acknowledged"),
          rejected: number("rejected"),
          dropped: number("dropped"),
        });
      }),
    );
  });
});
