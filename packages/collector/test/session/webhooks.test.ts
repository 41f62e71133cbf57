import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { earliestDue } from "../../src/session/due.ts";
import {
  dueWebhooks,
  followClock,
  MAX_WEBHOOKS,
  nextWebhookAt,
  queueWebhook,
  reserveWebhook,
  settleWebhook,
  type WebhookQueue,
} from "../../src/session/webhooks.ts";
import { RETRY_AFTER_MS, WEBHOOK_KEPT_MS } from "../../src/webhooks/retry.ts";

const NOW = 1_800_000_000_000;
const message = (id: string, data: object = {}) => ({ id, type: "reaction.fired", time: NOW, data });
const failed = { type: "retry", reason: "", afterMs: 0 } as const;

const queueOf = (...ids: string[]): WebhookQueue => {
  const stored: { webhooks?: WebhookQueue } = {};
  for (const id of ids) queueWebhook(stored, message(id), NOW);
  return stored.webhooks ?? { pending: [], dropped: 0 };
};

describe("the messages of a session", () => {
  it("have a body with type, time and data, which is stored as it is sent", () => {
    const stored: { webhooks?: WebhookQueue } = {};
    queueWebhook(stored, message("reaction-1", { reaction: "hesitation" }), NOW);
    expect(stored.webhooks?.pending.map(({ id, body }) => [id, body])).toEqual([
      [
        "reaction-1",
        '{"type":"reaction.fired","timestamp":"2027-01-15T08:00:00.000Z","data":{"reaction":"hesitation"}}',
      ],
    ]);
  });

  it("are bounded in number and bytes; each one beyond is dropped and counted", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 2_000 }), { maxLength: 40 }), (texts) => {
        const stored: { webhooks?: WebhookQueue } = {};
        for (const [index, text] of texts.entries()) queueWebhook(stored, message(`id-${index}`, { text }), NOW);
        const { pending = [], dropped = 0 } = stored.webhooks ?? {};
        expect(pending.length + dropped).toBe(texts.length);
        expect(pending.length).toBeLessThanOrEqual(MAX_WEBHOOKS.messages);
        expect(Buffer.byteLength(pending.map(({ body }) => body).join(""))).toBeLessThanOrEqual(MAX_WEBHOOKS.bytes);
      }),
    );
    expect(queueOf(...Array.from({ length: 20 }, (_, index) => `id-${index}`))).toMatchObject({
      pending: { length: 16, 0: { id: "id-0" } },
      dropped: 4,
    });
  });

  it("are due at once, and have the session's alarm", () => {
    const webhooks = queueOf("one", "two");
    expect(dueWebhooks(webhooks, NOW)).toHaveLength(2);
    for (const each of webhooks.pending) reserveWebhook(each, NOW);
    expect(dueWebhooks(webhooks, NOW)).toEqual([]);
    expect(earliestDue({ due: [["close", NOW + 1_800_000]], webhooks })).toBe(NOW + 60_000);
    expect(earliestDue({ due: [["push", NOW + 1_000]], webhooks })).toBe(NOW + 1_000);
    expect(earliestDue({ due: [], webhooks })).toBe(NOW + 60_000);
    expect(earliestDue({ due: [["close", NOW + 5]] })).toBe(NOW + 5);
    expect(earliestDue({ due: [] })).toBeUndefined();
  });
});

describe("the outcome of an attempt", () => {
  it.each(["delivered", "refused"] as const)("removes a message that is %s", (type) => {
    const queue = queueOf("one", "two");
    const [first] = queue.pending;
    expect(first && settleWebhook(queue, first, { type, reason: "" } as never, NOW, 0.5)).toBe(type);
    expect(queue.pending.map(({ id }) => id)).toEqual(["two"]);
  });

  it("postpones a message that failed, alone, until its last attempt or the end of its day", () => {
    const queue = queueOf("one", "two");
    const [first] = queue.pending;
    let now = NOW;
    const ends = [...RETRY_AFTER_MS, 0].map((wait) => {
      const end = first && settleWebhook(queue, first, failed, now, 0.5);
      if (end === "retried") expect(first?.at).toBe(now + wait);
      now = first?.at ?? 0;
      return end;
    });
    expect(ends).toEqual([...RETRY_AFTER_MS.map(() => "retried"), "expired"]);
    expect(queue.pending).toMatchObject([{ id: "two", at: NOW, attempts: 0 }]);
    const [second] = queue.pending;
    expect(second && settleWebhook(queue, second, failed, NOW + WEBHOOK_KEPT_MS - 1_000, 0.5)).toBe("expired");
  });

  it("postpones all messages, if the receiver asks for a time", () => {
    const queue = queueOf("one", "two");
    const [first] = queue.pending;
    if (first) settleWebhook(queue, first, { ...failed, afterMs: 90_000 }, NOW, 0.5);
    expect(queue.pending.map(({ at, attempts }) => [at, attempts])).toEqual([
      [NOW + 90_000, 1],
      [NOW + 90_000, 0],
    ]);
    expect(nextWebhookAt({ webhooks: queue })).toBe(NOW + 90_000);
    queueWebhook({ webhooks: queue }, message("three"), NOW + 5_000);
    queueWebhook({ webhooks: queue }, message("four"), NOW + 95_000);
    expect(queue.pending.map(({ at }) => at)).toEqual([NOW + 90_000, NOW + 90_000, NOW + 90_000, NOW + 95_000]);
  });
});

describe("a clock that is set back", () => {
  it("moves all times of the messages, and no other change of the clock does", () => {
    const queue = queueOf("one", "two");
    const [first] = queue.pending;
    if (first) settleWebhook(queue, first, failed, NOW, 0.5);
    const before = structuredClone(queue);
    for (const now of [NOW - 60_000, NOW, NOW + 86_400_000]) {
      followClock(queue, now);
      expect(queue).toEqual(before);
    }
    followClock(queue, NOW - 7_200_000);
    expect(queue.pending.map(({ at, queued_at }) => [at, queued_at])).toEqual([
      [NOW - 7_195_000, NOW - 7_200_000],
      [NOW - 7_200_000, NOW - 7_200_000],
    ]);
  });
});
