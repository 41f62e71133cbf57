import { isPersonal } from "@tidemark/schema/entities";
import type { ObjectAlarm } from "../alarm.ts";
import { type Env, metricsOf } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { sendWebhook, type WebhookOutcome } from "../webhooks/send.ts";
import { earliestDue } from "./due.ts";
import type { StoredSession } from "./row.ts";
import type { SessionStore } from "./store.ts";
import {
  dueWebhooks,
  expireWebhooks,
  followClock,
  reserveWebhook,
  settleWebhook,
  type WebhookEnd,
} from "./webhooks.ts";

/**
 * Sends a session's messages to the webhook of its site, outside of the turns of its batches. It sends one at a time, so that a
 * receiver that does not respond occupies one connection. The session's alarm sends a message again that has failed.
 */
export class WebhookLoop {
  readonly #store: SessionStore;
  readonly #alarm: ObjectAlarm;
  readonly #context: Pick<DurableObjectState, "waitUntil">;
  readonly #env: Env;
  readonly #tenants: Tenants;
  /** The ids of the messages to send. */
  readonly #taken = new Set<string>();
  #running: Promise<void> | undefined;

  constructor(
    store: SessionStore,
    alarm: ObjectAlarm,
    context: Pick<DurableObjectState, "waitUntil">,
    env: Env,
    tenants: Tenants,
  ) {
    this.#store = store;
    this.#alarm = alarm;
    this.#context = context;
    this.#env = env;
    this.#tenants = tenants;
  }

  /** Sends the messages that are due. Call it before the alarm is ensured: messages in progress do not count as due. */
  run(stored: StoredSession): void {
    if (!stored.webhooks) return;
    const now = Date.now();
    followClock(stored.webhooks, now);
    for (const message of dueWebhooks(stored.webhooks, now)) {
      reserveWebhook(message, now);
      this.#taken.add(message.id);
    }
    if (this.#taken.size === 0 && stored.webhooks.dropped === 0) return;
    this.#running ??= this.#sendTaken();
    this.#context.waitUntil(this.#running);
  }

  /** Never rejects. */
  async #sendTaken(): Promise<void> {
    await this.#store.whenWritten();
    try {
      await this.#clean();
      for (const id of this.#taken) {
        this.#taken.delete(id);
        // It must be durable before a receiver has it, also if another batch queued it in the meantime.
        await this.#store.whenWritten();
        await this.#sendOnce(id);
      }
    } catch (error) {
      console.error("a session could not send the messages of its webhook", error);
    }
    // At once, so that no message is taken that this loop does not send any more.
    this.#running = undefined;
  }

  /** Removes the messages that are not sent any more, and counts those that were dropped. */
  async #clean(): Promise<void> {
    const stored = this.#store.load();
    if (!stored?.webhooks) return;
    const queue = stored.webhooks;
    const isSent = isPersonal(stored.consent) && tenantOf(this.#tenants, stored.site).webhook !== undefined;
    const [expired, dropped] = this.#store.change(stored, () => {
      const ended = [expireWebhooks(queue, Date.now()), queue.dropped + (isSent ? 0 : queue.pending.length)] as const;
      Object.assign(queue, { pending: isSent ? queue.pending : [], dropped: 0 });
      if (queue.pending.length === 0) delete stored.webhooks;
      return ended;
    });
    if (expired + dropped === 0) return;
    this.#count(stored.site, "expired", expired);
    this.#count(stored.site, "dropped", dropped);
    await this.#store.commit(stored);
  }

  async #sendOnce(id: string): Promise<void> {
    const before = this.#store.load();
    const message = before?.webhooks?.pending.find((each) => each.id === id);
    if (!before || !message) return;
    const { webhook } = tenantOf(this.#tenants, before.site);
    // The visitor may have withdrawn the consent since the message was queued.
    if (!webhook || !isPersonal(before.consent)) return this.#clean();
    reserveWebhook(message, Date.now());
    const outcome = await sendWebhook(webhook, this.#env, message, Date.now());

    const stored = this.#store.load();
    const sent = stored?.webhooks?.pending.find((each) => each.id === id);
    if (!stored?.webhooks || !sent) return;
    const queue = stored.webhooks;
    const end = this.#store.change(stored, () => {
      const end = settleWebhook(queue, sent, outcome, Date.now(), Math.random());
      if (queue.pending.length === 0 && queue.dropped === 0) delete stored.webhooks;
      return end;
    });
    if (outcome.type === "retry" && outcome.afterMs > 0) this.#taken.clear();
    this.#report(stored.site, id, outcome, end);
    this.#alarm.ensure(earliestDue(stored));
    await this.#store.commit(stored);
  }

  #report(site: string, id: string, outcome: WebhookOutcome, end: WebhookEnd): void {
    this.#count(site, end, 1);
    if (outcome.type === "delivered") return;
    const next = end === "retried" ? "it is sent again later" : "it is not sent again";
    console.error(`the webhook of site ${site} did not take message ${id}; ${next}: ${outcome.reason}`);
  }

  #count(site: string, outcome: WebhookEnd, amount: number): void {
    meter.count("tidemark_webhook_messages_total", { site, outcome }, amount);
    const flushing = meter.flush(() => metricsOf(this.#env));
    if (flushing) this.#context.waitUntil(flushing);
  }
}
