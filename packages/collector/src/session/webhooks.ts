import { bodyOf, type WebhookMessage } from "../webhooks/message.ts";
import { retryIn, WEBHOOK_KEPT_MS } from "../webhooks/retry.ts";
import type { WebhookOutcome } from "../webhooks/send.ts";
import type { StoredSession } from "./row.ts";

/** A message that its receiver has not confirmed. */
export interface PendingWebhook {
  id: string;
  body: string;
  /** Time at which the session queued it, in UTC milliseconds. */
  queued_at: number;
  /** Number of attempts with a known outcome. */
  attempts: number;
  /** Time of the next attempt, in UTC milliseconds. */
  at: number;
}

/** The messages of a session for the webhook of its site, which are stored together with the state that caused them. */
export interface WebhookQueue {
  pending: PendingWebhook[];
  /** Number of messages that the metrics do not count as dropped yet. */
  dropped: number;
  /** Time before which the receiver wants no message, in UTC milliseconds; absent if it did not ask for one. */
  not_before?: number;
}

/** The end of an attempt or of a message, as the metrics count it. */
export type WebhookEnd = "delivered" | "retried" | "refused" | "dropped" | "expired";

/** Maximum number of messages that wait, and of the bytes of their bodies. A session drops a message beyond them. */
export const MAX_WEBHOOKS = { messages: 16, bytes: 16_384 };

/** Time from an attempt to the next one if the object stops before it knows the outcome, in milliseconds. */
const REPEAT_MS = 60_000;

const lengthOf = (body: string): number => new TextEncoder().encode(body).length;

/**
 * Queues a message for the webhook of the session's site, as part of a change of the state. The session sends it when the
 * change is durable, and until the receiver has confirmed it. A message beyond {@link MAX_WEBHOOKS} is dropped and counted.
 *
 * @param now UTC milliseconds by the collector's clock.
 */
export const queueWebhook = (stored: Pick<StoredSession, "webhooks">, message: WebhookMessage, now: number): void => {
  stored.webhooks ??= { pending: [], dropped: 0 };
  const { pending, not_before = now } = stored.webhooks;
  const body = bodyOf(message);
  const bytes = pending.reduce((sum, each) => sum + lengthOf(each.body), lengthOf(body));
  if (pending.length >= MAX_WEBHOOKS.messages || bytes > MAX_WEBHOOKS.bytes) stored.webhooks.dropped += 1;
  else pending.push({ id: message.id, body, queued_at: now, attempts: 0, at: Math.max(now, not_before) });
};

/** Drops all messages that wait, and counts them. */
export const dropWebhooks = ({ webhooks }: Pick<StoredSession, "webhooks">): void => {
  if (!webhooks) return;
  webhooks.dropped += webhooks.pending.length;
  webhooks.pending = [];
};

/** The time of the next attempt to send a message, in UTC milliseconds; `undefined` without a message. */
export const nextWebhookAt = ({ webhooks }: Pick<StoredSession, "webhooks">): number | undefined =>
  webhooks?.pending.reduce<number | undefined>((at, each) => Math.min(at ?? each.at, each.at), undefined);

/** Whether a message is not sent any more. */
const isExpired = ({ queued_at }: PendingWebhook, at: number): boolean => at >= queued_at + WEBHOOK_KEPT_MS;

/** Removes the messages that are not sent any more. Returns their number. */
export const expireWebhooks = (queue: WebhookQueue, now: number): number => {
  const { length } = queue.pending;
  queue.pending = queue.pending.filter((each) => !isExpired(each, now));
  return length - queue.pending.length;
};

/**
 * Moves the times of a queue back if the clock was set back by more than {@link REPEAT_MS}. Otherwise its messages would wait
 * until the clock has passed the old time again.
 */
export const followClock = (queue: WebhookQueue, now: number): void => {
  const ahead = Math.max(0, ...queue.pending.map(({ queued_at }) => queued_at - now));
  if (ahead <= REPEAT_MS) return;
  if (queue.not_before !== undefined) queue.not_before -= ahead;
  for (const message of queue.pending) {
    message.queued_at -= ahead;
    message.at -= ahead;
  }
};

/** Postpones a message that is about to be sent: its outcome may never be known. */
export const reserveWebhook = (message: PendingWebhook, now: number): void => {
  message.at = now + REPEAT_MS;
};

/** The messages that are due. */
export const dueWebhooks = ({ pending }: WebhookQueue, now: number): PendingWebhook[] =>
  pending.filter(({ at }) => at <= now);

/**
 * Applies the outcome of an attempt: the message leaves the queue, or has the time of its next attempt. If the receiver
 * asked for a time, no other message is sent before it either.
 *
 * @param random From 0 to 1.
 */
export const settleWebhook = (
  queue: WebhookQueue,
  message: PendingWebhook,
  outcome: WebhookOutcome,
  now: number,
  random: number,
): WebhookEnd => {
  message.attempts += 1;
  const afterMs = outcome.type === "retry" ? outcome.afterMs : 0;
  const wait = outcome.type === "retry" ? retryIn(message.attempts, afterMs, random) : undefined;
  if (wait !== undefined) message.at = now + wait;
  const isKept = wait !== undefined && !isExpired(message, message.at);
  if (!isKept) queue.pending = queue.pending.filter((each) => each !== message);
  if (afterMs > 0) {
    queue.not_before = now + afterMs;
    for (const each of queue.pending) each.at = Math.max(each.at, queue.not_before);
  }
  if (outcome.type !== "retry") return outcome.type;
  return isKept ? "retried" : "expired";
};
