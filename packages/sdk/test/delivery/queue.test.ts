import { beforeEach, describe, expect, it, vi } from "vitest";
import { newBatch } from "../../src/delivery/batch.ts";
import { createQueue, type Queue } from "../../src/delivery/queue.ts";
import { createUnloadBuffer } from "../../src/delivery/unload-buffer.ts";
import type { BatchOrigin } from "../../src/events/queued-batch.ts";
import { now } from "../../src/sensors/clock.ts";
import { eventOf, originOf, viewOf } from "./batches.ts";

const WEEK_MS = 7 * 24 * 3_600_000;

const view = viewOf("view");
const spool = { put: vi.fn(), remove: vi.fn(), write: vi.fn(), claim: vi.fn(), close: vi.fn() };
const buffer = createUnloadBuffer(false);
const emit = vi.fn();
let queue: Queue;

beforeEach(() => {
  vi.clearAllMocks();
  queue = createQueue(spool, buffer, emit);
});

const add = (seq: number, { origin = originOf("tab"), bytes = 0, time = now() } = {}) =>
  queue.add(eventOf(seq, time), view, origin, bytes);
const numbers = () => queue.entries.map(({ batch }) => batch.events.map(({ seq }) => seq));
const oldest = () => queue.entries[0] as Queue["entries"][number];

describe("the open batch", () => {
  it("contains the events that are added, and is spooled with each", () => {
    for (const seq of [0, 1, 2]) expect(add(seq)).toBe(false);
    expect(numbers()).toEqual([[0, 1, 2]]);
    expect(spool.put.mock.calls).toEqual(Array(3).fill([queue.open]));
  });

  it("is full at 100 events", () => {
    const full = Array.from({ length: 101 }, (_, seq) => add(seq));
    expect(full.indexOf(true)).toBe(99);
    expect(queue.entries.map(({ batch }) => batch.events.length)).toEqual([100, 1]);
  });

  it("is full above 20,000 bytes of events", () => {
    expect([add(0, { bytes: 9_900 }), add(1, { bytes: 9_900 }), add(2, { bytes: 500 }), add(3)]).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(numbers()).toEqual([[0, 1, 2], [3]]);
  });

  it("is full above 20,000 bytes of views, each of which counts once", () => {
    const long = (id: string) => viewOf(id, `https://shop.example/${"x".repeat(9_000)}`);
    const [one, two, three] = [long("one"), long("two"), long("three")];
    const full = [one, one, one, two, three].map((of, seq) => queue.add(eventOf(seq, now()), of, originOf("tab"), 100));
    expect(full).toEqual([false, false, false, false, true]);
  });

  it("is a new batch after it was closed", () => {
    add(0);
    queue.open = undefined;
    add(1);
    expect(numbers()).toEqual([[0], [1]]);
  });

  it.each<[field: string, change: Partial<BatchOrigin>]>([
    ["tab", { tab_id: "other" }],
    ["visitor", { anonymous_id: "visitor2" }],
    ["user", { user_id: "user" }],
    ["token of the user", { user_token: "token" }],
    ["consent", { consent: { measurement: "granted", personalisation: "denied" } }],
  ])("is a new batch when the %s changes", (_, change) => {
    add(0);
    add(1, { origin: { ...originOf("tab"), ...change } });
    expect(numbers()).toEqual([[0], [1]]);
  });
});

describe("a settled batch", () => {
  it("is removed from the queue and the spool", () => {
    add(0);
    const entry = oldest();
    queue.settle(entry);
    expect(queue.entries).toEqual([]);
    expect(spool.remove).toHaveBeenCalledWith(entry.batch);
    expect(emit).not.toHaveBeenCalled();
  });

  it("is reported by the next batch of its tab when it was dropped", () => {
    add(0);
    queue.settle(oldest(), "refused");
    queue.open = undefined;
    expect(emit).toHaveBeenCalledWith("delivery_problem", "refused");
    add(1);
    expect(oldest().batch.dropped).toEqual([{ from_seq: 0, to_seq: 0, reason: "refused" }]);
    queue.open = undefined;
    add(2);
    expect(queue.entries[1]?.batch.dropped).toEqual([]);
  });

  it("is not reported by a batch of another tab", () => {
    add(0);
    queue.settle(oldest(), "refused");
    add(0, { origin: originOf("other") });
    expect(oldest().batch.dropped).toEqual([]);
  });
});

describe("a dropped batch", () => {
  it("is the oldest of more than 200 that is not in flight", () => {
    for (let seq = 0; seq < 200; seq += 1) {
      add(seq);
      queue.open = undefined;
    }
    oldest().request = Promise.resolve();
    add(200);
    expect(queue.entries).toHaveLength(200);
    expect(numbers().slice(0, 2)).toEqual([[0], [2]]);
    expect(emit.mock.calls).toEqual([["delivery_problem", "overflow"]]);
  });

  it("is older than a week", () => {
    add(0, { time: now() - WEEK_MS - 1_000 });
    expect(queue.entries).toEqual([]);
    add(1, { time: now() - WEEK_MS + 60_000, origin: originOf("other") });
    expect(numbers()).toEqual([[1]]);
    expect(emit.mock.calls).toEqual([["delivery_problem", "expired"]]);
  });
});

describe("recovered batches", () => {
  const batchOf = (tab: string, seq: number) => newBatch(originOf(tab), eventOf(seq, now()), view, []);

  it("join the queue once", () => {
    queue.recover([batchOf("old", 0), batchOf("old", 1)]);
    queue.recover([batchOf("old", 1), batchOf("old", 2)]);
    expect(numbers()).toEqual([[0], [1], [2]]);
    expect(queue.entries.every(({ isRecovered }) => isRecovered)).toBe(true);
  });

  it("exclude those that this page has queued itself", () => {
    add(5);
    queue.settle(oldest());
    queue.recover([batchOf("tab", 4), batchOf("tab", 5), batchOf("tab", 6)]);
    expect(numbers()).toEqual([[4]]);
  });
});
