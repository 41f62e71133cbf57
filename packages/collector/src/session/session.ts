import { DurableObject } from "cloudflare:workers";
import { GRANULARITY_MS } from "@tidemark/engine";
import type { ContextStep, SessionVectorResponse } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { SESSION_KEPT_MS } from "@tidemark/schema/limits";
import { ObjectAlarm } from "../alarm.ts";
import type { OtlpSettings } from "../config.ts";
import type { Env } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { traceNote } from "../otlp/batch-trace.ts";
import { spans } from "../otlp/span-export.ts";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import { expectKnown, LaterReleaseError } from "../release.ts";
import { servedRecord } from "../served-vector.ts";
import { type Tenant, type Tenants, tenantOf, UnknownSiteError } from "../tenants.ts";
import { readEvents } from "../wire/split.ts";
import { stepsOf } from "./activity-steps.ts";
import { applyBatch } from "./apply-batch.ts";
import { BATCH_VERSION, type BatchFailure, type BatchResult, type SessionBatch } from "./batch.ts";
import { close, idleAt } from "./close.ts";
import { dueAt, earliestDue, setDue } from "./due.ts";
import { FOLLOW_HEADER, type FollowedReactions, Followers, type FollowRequest } from "./followers.ts";
import { isPending } from "./pending.ts";
import { followedReactions } from "./pending-reactions.ts";
import { PredictionLoop } from "./prediction-loop.ts";
import { latestPredictions, predictionsFor, predictOnChange } from "./predictions.ts";
import { PushLoop } from "./push-loop.ts";
import { unconfirmedDeltas } from "./pushes.ts";
import { ReactionTimer } from "./reaction-timer.ts";
import { reactToBatch } from "./reactions.ts";
import { recordPayload } from "./record.ts";
import type { StoredSession } from "./row.ts";
import { hashOfSecret } from "./secret.ts";
import { SessionStore, StorageError } from "./store.ts";
import { newSession, restoreSession } from "./stored-session.ts";
import { countDelivery } from "./tab/tab.ts";
import { MAX_UNSENT, unsentLength } from "./unsent.ts";
import { WebhookLoop } from "./webhook-loop.ts";

/** A session's vector at the time of the call. */
export type SessionVector = Omit<SessionVectorResponse, "entity" | "id">;

/** The vector, or the selected part of it, that a page receives while it follows the session. */
export type FollowedVector = SessionVector & Pick<SessionVectorResponse, "entity" | "id" | "set">;

/** A session's vector and activity at the time of the call. */
export interface SessionContext {
  vector: SessionVector;
  /** The latest page views and actions. Empty without consent to personalisation. */
  steps: ContextStep[];
  /** Number of earlier steps that the session no longer has. */
  removed: number;
}

/** The records of a session that are nowhere else yet, and the place of the others. */
export interface SessionRecords {
  /** The partition that has, or had, all other records of the session. */
  partition: number;
  /** UTC milliseconds at which the session's first batch was received. */
  began_at: number;
  /** Whether there is a record of each event: not of those from before the site had a log. */
  isComplete: boolean;
  /** The packed records that the partition has not confirmed. */
  unsent: Uint8Array;
}

/**
 * Maximum number of deltas that wait for an unreachable partition. Beyond it the session rejects each batch, and the client
 * keeps the batch.
 */
const MAX_UNCONFIRMED = 256;

/**
 * The result of a call that failed because of the storage, or of a later release. Another object cannot read an error's
 * class. @throws Defects.
 */
const failureOf = (error: unknown, traceparent?: string): "unavailable" => {
  if (!(error instanceof StorageError || error instanceof LaterReleaseError)) throw error;
  console.error(`a session could not read or store its state${traceNote(traceparent)}`, error);
  return "unavailable";
};

/** Reads the state. @throws Defects. */
const reading = <T>(read: () => T): T | "unavailable" => {
  try {
    return read();
  } catch (error) {
    return failureOf(error);
  }
};

/** Whether a batch is of a page of the session. Whoever knows a session's id can send one, but only its pages have its secret. */
const isOwnBatch = ({ secret_hash }: StoredSession, { session_secret }: SessionBatch): boolean =>
  session_secret !== undefined && hashOfSecret(session_secret) === secret_hash;

/** Maximum time from a batch until its deltas are sent, if the object stops before it has sent them, in milliseconds. */
const REPEAT_MS = 60_000;

/**
 * Time in which a partition that is not busy confirms a push, in milliseconds. A response waits for that long, because a
 * confirmed push needs no alarm, and setting an alarm costs as much as writing a row.
 */
const CONFIRM_MS = 50;

/**
 * The Durable Object of a session. It stores the sequence numbers received, the features, and the pushes that
 * its partition has not confirmed. All of it is one value in one row, written before the response: an acknowledged batch is durable.
 */
export abstract class SessionObject extends DurableObject<Env> {
  /**
   * The tenants of this deployment. In a session stored with other definitions, changed features start from scratch.
   */
  protected abstract readonly tenants: Tenants;

  /** The receiver of the spans of traced batches; `undefined` for none. */
  protected abstract get otlp(): OtlpSettings | undefined;

  readonly #store = new SessionStore(this.ctx.storage, (stored) =>
    restoreSession(stored, tenantOf(this.tenants, stored.site).definitions),
  );
  readonly #alarm = new ObjectAlarm(this.ctx);
  readonly #followers = new Followers(this.ctx, () => this.tenants, {
    vector: (site, secret) => this.vector(site, secret),
    record: (site, vector) => this.#recordServed(site, vector),
    reactions: (site, secret) => this.#followedReactions(site, secret),
  });
  #loop: PushLoop | undefined;

  // Created on first use, because the subclass sets `tenants` after the initialisation of these fields.
  get #pushes(): PushLoop {
    this.#loop ??= new PushLoop(this.#store, this.#alarm, this.env, this.tenants, () => {
      const flushing = spans.flush(this.otlp, this.env);
      if (flushing) this.ctx.waitUntil(flushing);
    });
    return this.#loop;
  }

  #webhooks: WebhookLoop | undefined;

  get #webhookLoop(): WebhookLoop {
    this.#webhooks ??= new WebhookLoop(this.#store, this.#alarm, this.ctx, this.env, this.tenants);
    return this.#webhooks;
  }

  #reactions: ReactionTimer | undefined;

  get #reactionTimer(): ReactionTimer {
    this.#reactions ??= new ReactionTimer(this.#store, this.#followers, this.ctx, this.env, this.tenants);
    return this.#reactions;
  }

  #predictions: PredictionLoop | undefined;

  get #predictionLoop(): PredictionLoop {
    this.#predictions ??= new PredictionLoop(this.#store, this.ctx, this.env, this.tenants, (stored) => {
      this.#followers.notify();
      return this.#push(stored, Date.now());
    });
    return this.#predictions;
  }

  /**
   * Stores a batch: accepts, deduplicates or rejects each event. Before an event of the session has counted, it writes
   * nothing.
   *
   * @throws Error for a defect; nothing is stored then.
   */
  ingest(batch: SessionBatch): BatchResult | BatchFailure | Promise<BatchResult | BatchFailure> {
    const events = readEvents(batch.events);
    if (!events) return "unparsed";
    try {
      expectKnown("a batch", batch.version, BATCH_VERSION);
      const result = this.#apply(batch, events);
      return result instanceof Promise ? result.catch((error) => failureOf(error, batch.traceparent)) : result;
    } catch (error) {
      return failureOf(error, batch.traceparent);
    }
  }

  #apply(batch: SessionBatch, events: unknown[]): BatchResult | "not_begun" | Promise<BatchResult> {
    const tenant = tenantOf(this.tenants, batch.site);
    const envelope = JSON.parse(batch.envelope) as StoredEnvelope;
    const existing = this.#store.load();
    if (batch.may_begin === false && (existing?.engine.event_time ?? null) === null) return "not_begun";
    const stored = existing ?? newSession(batch, envelope.session_id, tenant.definitions);
    if (unconfirmedDeltas(stored.push_queue) >= MAX_UNCONFIRMED || unsentLength(stored.unsent) >= MAX_UNSENT) {
      this.ctx.waitUntil(this.#pushes.run());
      throw new StorageError("too many deltas or records of the session wait for a partition that cannot be reached");
    }
    const result = this.#store.change(stored, () => {
      const applied = applyBatch(stored, batch, envelope, events, tenant);
      const predicted = this.#predict(stored, batch, envelope, tenant, applied);
      const result = this.#react(stored, batch, envelope, events, tenant, predicted);
      if (!stored.closed) {
        setDue(stored, "close", idleAt(stored));
        setDue(stored, "expire", null);
      }
      return result;
    });
    // A batch of which nothing counted leaves nothing behind. While the object lives, a later batch stores its outcome.
    if (stored.engine.event_time === null) return result;
    const acknowledge = () => {
      this.#followers.notify();
      const measured = meter.take();
      const counted = measured ? { ...result, measured } : result;
      const hasDeltas = result.response.accepted > 0 && isPending(stored);
      if (batch.traceparent !== undefined && hasDeltas) this.#pushes.trace(batch.traceparent);
      return this.#push(stored, batch.received_at)?.then(() => counted) ?? counted;
    };
    return this.#store.commit(stored)?.then(acknowledge) ?? acknowledge();
  }

  /** Runs the models whose input the batch has changed, and adds the latest predictions to the response. */
  #predict(
    stored: StoredSession,
    batch: SessionBatch,
    { consent }: StoredEnvelope,
    tenant: Tenant,
    result: BatchResult,
  ): BatchResult {
    if (tenant.models.length === 0) return result;
    const isChanged = result.response.accepted > 0;
    const { made, due } = isChanged ? predictOnChange(stored, tenant, batch.received_at) : { made: [], due: [] };
    if (due.length > 0) this.ctx.waitUntil(this.#predictionLoop.run());
    const predictions = predictionsFor(stored, tenant);
    // The stored consent is that of accepted events, of which this batch may have none.
    const isShown = predictions && isOwnBatch(stored, batch) && isPersonal(consent);
    return {
      ...result,
      ...(made.length > 0 && { predicted: made }),
      ...(isShown && { response: { ...result.response, predictions } }),
    };
  }

  /** Applies the batch to the session's reactions, and adds those that no page has acknowledged to the response. */
  #react(
    stored: StoredSession,
    batch: SessionBatch,
    envelope: StoredEnvelope,
    events: readonly unknown[],
    tenant: Tenant,
    result: BatchResult,
  ): BatchResult {
    if (tenant.reactions.length === 0 && !stored.reactions && !stored.webhooks) return result;
    const { accepted } = result.response;
    const isOwn = isOwnBatch(stored, batch);
    const { steps, delivered, follows } = reactToBatch(stored, tenant, { ...batch, envelope, events, accepted, isOwn });
    const response = {
      ...result.response,
      ...(delivered.length > 0 && { reactions: delivered }),
      ...(follows && { follow_reactions: true as const }),
    };
    return { ...result, response, ...(steps.length > 0 && { reacted: steps }) };
  }

  /**
   * Sends what is pending, and sets the alarm: it closes the session and, if this object stops before the partition and the
   * webhook have confirmed all, sends it again.
   *
   * @returns A promise that resolves when the alarm is set; `undefined` if it is set at once.
   */
  #push(stored: StoredSession, now: number): Promise<void> | undefined {
    this.#webhookLoop.run(stored);
    const setAlarm = () => {
      const repeatIn = (dueAt(stored, "push") ?? 0) - now;
      // A later time was set before the clock was set back.
      if (isPending(stored) && (repeatIn <= 0 || repeatIn > REPEAT_MS)) setDue(stored, "push", now + REPEAT_MS);
      this.#ensureAlarm(stored, Date.now() + 1);
    };
    const pushing = isPending(stored) && !this.#pushes.isRunning ? this.#pushes.run() : undefined;
    if (pushing) this.ctx.waitUntil(pushing);
    const isWorthwhile = !this.#alarm.isWithin(REPEAT_MS) && this.#pushes.isConfirmedWithin(CONFIRM_MS, stored.site);
    if (pushing && isWorthwhile) return Promise.race([pushing, scheduler.wait(CONFIRM_MS)]).then(setAlarm);
    setAlarm();
    return undefined;
  }

  /**
   * Ensures the alarm for the first duty, and for the first reaction that time alone makes fire.
   *
   * @param from First time at which a reaction may fire, in UTC milliseconds.
   */
  #ensureAlarm(stored: StoredSession, from: number): void {
    const times = [earliestDue(stored), this.#reactionTimer.nextAt(stored, from)].filter((at) => at !== undefined);
    this.#alarm.ensure(times.length > 0 ? Math.min(...times) : undefined);
  }

  /** The reactions for a page that follows the session, with the secret or, without one, after its proof. */
  #followedReactions(site: string, secret?: string): FollowedReactions | "unavailable" | undefined {
    return reading(() => {
      const stored = this.#store.load();
      if (secret !== undefined && stored?.secret_hash !== hashOfSecret(secret)) return undefined;
      return stored && followedReactions(stored, tenantOf(this.tenants, site), Date.now());
    });
  }

  /**
   * The current vector; `undefined` when no event of the session counted, `unavailable` when the storage failed.
   *
   * @param secret The secret that a page shows. The vector is `undefined` unless the session began with it. Default: the
   * caller may read every session of the site.
   */
  vector(site: string, secret?: string): SessionVector | "unavailable" | undefined {
    return reading(() => {
      if (secret !== undefined && this.#store.load()?.secret_hash !== hashOfSecret(secret)) return undefined;
      return this.#vector(site);
    });
  }

  #vector(site: string): SessionVector | undefined {
    const stored = this.#store.load();
    if (!stored || stored.engine.event_time === null) return undefined;
    const tenant = tenantOf(this.tenants, site);
    const { session, version } = tenant.definitions;
    const predictions = latestPredictions(stored, tenant, Date.now());
    const { engine, final, closed } = stored;
    const { event_time, late, too_late } = stored.engine;
    const at = Math.max(Date.now(), event_time);
    return {
      event_time,
      watermark: session.watermark(engine) ?? event_time,
      age_ms: at - event_time,
      definition_version: version,
      version: final?.version ?? 0,
      closed_at: final !== null && closed ? final.closed_at : null,
      late,
      too_late,
      features: session.vector(engine, at),
      consent: stored.consent,
      delivery: countDelivery(stored.tabs.values()),
      ...(predictions && { predictions }),
    };
  }

  /** The current vector and activity; `undefined` when no event of the session counted. */
  context(site: string): SessionContext | "unavailable" | undefined {
    return reading(() => {
      const vector = this.#vector(site);
      const activity = this.#store.load()?.activity;
      return vector && { vector, steps: activity ? stepsOf(activity) : [], removed: activity?.removed ?? 0 };
    });
  }

  /**
   * Adds a vector that a page receives to the records, if its set is recorded. The runtime holds the message to the page until
   * the record is durable.
   */
  #recordServed(site: string, vector: FollowedVector): "unavailable" | undefined {
    const record = servedRecord(tenantOf(this.tenants, site), "page", vector);
    try {
      const stored = this.#store.load();
      if (!stored || !record) return undefined;
      if (unsentLength(stored.unsent) >= MAX_UNSENT) return "unavailable";
      const now = Date.now();
      this.#store.change(stored, () => recordPayload(stored, record, now));
      this.#store.write(stored);
      const pushing = this.#push(stored, now);
      if (pushing) this.ctx.waitUntil(pushing);
      return undefined;
    } catch (error) {
      return failureOf(error);
    }
  }

  /** The records of the session that its partition has not confirmed; `undefined` for no session. */
  records(): SessionRecords | "unavailable" | undefined {
    return reading(() => {
      const stored = this.#store.load();
      if (!stored || stored.engine.event_time === null) return undefined;
      const { began_at, arrivals, other_records = 0, final, push_queue, tabs, unsent } = stored;
      const { received } = countDelivery(tabs.values());
      return {
        partition: push_queue.partition,
        began_at,
        isComplete: arrivals - (final?.version ?? 0) - other_records === received,
        unsent: unsent.bytes.slice(unsent.start, unsent.end),
      };
    });
  }

  /** Connects a page that follows the session. The Worker has checked its request. */
  override fetch(request: Request): Response {
    return this.#followers.accept(JSON.parse(request.headers.get(FOLLOW_HEADER) ?? "") as FollowRequest);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void {
    this.#followers.take(socket, message);
    // After a failure the session's next batch ensures the alarm.
    reading(() => {
      const stored = this.#followers.haveReactions ? this.#store.load() : undefined;
      if (stored) this.#ensureAlarm(stored, Date.now());
    });
  }

  /**
   * Fires reactions, repeats unconfirmed pushes and messages for a webhook, closes the session after 30 minutes without an
   * event that counts, and deletes it after nine days. An alarm that fires too early is set again: moving it with each batch would cost as much as writing a row. A session whose site
   * was removed from the configuration keeps its stored state.
   */
  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#alarm.run(async () => {
      try {
        await this.#onAlarm();
      } catch (error) {
        // A retry would fail too, in each session of the site. The next batch sets the alarm again.
        if (!(error instanceof UnknownSiteError)) throw error;
        console.error("a session could not be closed; it keeps its stored state", error.message);
      }
    }, info);
  }

  async #onAlarm(): Promise<void> {
    const atAlarm = this.#store.load();
    if (!atAlarm) return;
    // First, so that no slow receiver of pushes delays a reaction.
    await this.#reactionTimer.fire(atAlarm);
    this.#webhookLoop.run(this.#store.load() ?? atAlarm);
    await this.#pushes.run();

    await this.#closeIfIdle(atAlarm);
    const stored = this.#store.load() ?? atAlarm;
    if (!isPending(stored)) setDue(stored, "push", null);
    if (!stored.closed) setDue(stored, "close", idleAt(stored));
    const expiresAt = dueAt(stored, "expire") ?? Number.POSITIVE_INFINITY;
    const now = Date.now();
    if (now >= expiresAt && !isPending(stored) && !stored.webhooks) {
      // Both begin at once, so that no batch comes between them.
      await Promise.all([this.#alarm.cancel(), this.#store.delete()]);
      return;
    }
    if (now >= expiresAt) setDue(stored, "expire", now + REPEAT_MS);
    // All that has changed is written with the next batch: a confirmed push may be sent again until then.
    this.#ensureAlarm(stored, now + GRANULARITY_MS);
  }

  async #closeIfIdle(atAlarm: StoredSession): Promise<void> {
    const stored = this.#store.load() ?? atAlarm;
    const now = Date.now();
    if (stored.closed || now < (idleAt(stored) ?? Number.POSITIVE_INFINITY)) return;
    const tenant = tenantOf(this.tenants, stored.site);
    const steps = this.#reactionTimer.end(stored, now);
    close(stored, tenant, now);
    setDue(stored, "close", null);
    setDue(stored, "expire", (stored.latest_received_at ?? now) + SESSION_KEPT_MS);
    this.#store.write(stored);
    this.#reactionTimer.count(stored, steps);
    // The final vector is a record. Another alarm to send it would cost a row.
    await this.#pushes.run();
  }
}
