import { setTimeout as sleep } from "node:timers/promises";
import type { BatchResponse } from "@tidemark/schema";
import { expect } from "vitest";
import type { Workerd } from "../workerd/workerd.ts";

/** Time from one try of a batch to the next, in milliseconds. */
const RETRY_MS = 50;

/** A visitor, and the number of acknowledged events. */
export interface Visitor {
  session: string;
  id: string;
  acknowledged: number;
}

/** An acknowledged batch. */
export interface Acknowledged {
  /** Ids of its events, as sinks write them. */
  ids: string[];
  /** UTC milliseconds of the first request and of the response. */
  sentAt: number;
  at: number;
}

/** The visitors who send at the same time. */
export interface Load {
  visitors: number;
  /** Number of events in a batch. */
  events: number;
  /** Mean time from a response to the visitor's next batch, in milliseconds. */
  pauseMs: number;
  /** Listens to acknowledged batches. */
  onAcknowledged?: (batch: Acknowledged) => void;
}

/** Visitors who send batches to a collector: each one the next batch once the one before is acknowledged. */
export interface Visits {
  /** All visitors so far. */
  readonly visitors: readonly Visitor[];
  /** Ids of all acknowledged events, as sinks write them. */
  ids(): string[];
  /** Numbers of the acknowledged events by session, in order. */
  inOrder(): Map<string, number[]>;
  /** Lets other visitors begin, instead of the present ones. */
  replace(): void;
  /** Waits until the visitors have got some more responses. */
  acknowledge(batches: number): Promise<void>;
  /** Kills the runtime, and starts it again. The visitors wait for that. */
  crash(): Promise<void>;
  /** Ends the visits. Each visitor, also an earlier one, sends one more batch. */
  end(): Promise<void>;
}

const newVisitor = (): Visitor => {
  const id = crypto.randomUUID().slice(0, 13);
  return { session: `shop.${id}`, id, acknowledged: 0 };
};

/** The id of a visitor's event, as sinks write it. */
const idOf = ({ session, id }: Visitor, seq: number): string => `${session}/${id}/${seq}`;

const batchOf = ({ session, id, acknowledged }: Visitor, events: number) => {
  const now = Date.now();
  const event = (index: number) => ({ type: "custom", seq: acknowledged + index, time: now, name: "order" });
  return {
    ...{ v: 1, key: "tm_shop_sinksink", sent_at: now, session_id: session, anonymous_id: id, tab_id: id },
    ...{ sdk: "test/1", views: [], events: Array.from({ length: events }, (_, index) => event(index)) },
  };
};

/** Lets visitors begin to send. */
export const startVisits = (worker: Workerd, { visitors: together, events, pauseMs, onAcknowledged }: Load): Visits => {
  const visitors: Visitor[] = [];
  const traffic: Promise<void>[] = [];
  let latest: Visitor[] = [];
  let up = Promise.resolve();
  let onBatch = () => {};
  const deliver = async (body: string): Promise<BatchResponse> => {
    for (;;) {
      await up;
      worker.expectRunning();
      const response = await fetch(`${worker.origin}/v1/events`, { method: "POST", body }).catch(() => undefined);
      const answer = response?.ok ? await response.json().catch(() => undefined) : undefined;
      if (answer) return answer as BatchResponse;
      await sleep(RETRY_MS);
    }
  };
  const sendOnce = async (visitor: Visitor) => {
    const body = JSON.stringify(batchOf(visitor, events));
    const sentAt = Date.now();
    const { accepted, duplicates, rejected } = await deliver(body);
    const at = Date.now();
    expect([accepted + duplicates, rejected]).toEqual([events, []]);
    const ids = Array.from({ length: events }, (_, index) => idOf(visitor, visitor.acknowledged + index));
    visitor.acknowledged += events;
    onAcknowledged?.({ ids, sentAt, at });
    onBatch();
  };
  const sendUntilReplaced = async (visitor: Visitor) => {
    // Different pauses, so that the visitors do not send at the same moments.
    while (latest.includes(visitor)) {
      await sleep(pauseMs * (0.5 + Math.random()));
      await sendOnce(visitor);
    }
  };
  const replace = () => {
    latest = Array.from({ length: together }, newVisitor);
    visitors.push(...latest);
    const sending = latest.map(sendUntilReplaced);
    // A failure is that of the end.
    for (const each of sending) each.catch(() => {});
    traffic.push(...sending);
  };
  replace();
  return {
    visitors,
    ids: () =>
      visitors.flatMap((visitor) => Array.from({ length: visitor.acknowledged }, (_, seq) => idOf(visitor, seq))),
    inOrder: () => new Map(visitors.map(({ session, acknowledged }) => [session, [...Array(acknowledged).keys()]])),
    replace,
    acknowledge: (batches) =>
      new Promise((resolve) => {
        let left = batches;
        onBatch = () => {
          left -= 1;
          if (left === 0) resolve();
        };
      }),
    async crash() {
      const restarted = worker.kill().then(() => worker.restart());
      up = restarted;
      await restarted;
    },
    async end() {
      latest = [];
      await Promise.all(traffic);
      for (const visitor of visitors) await sendOnce(visitor);
    },
  };
};
