import { DurableObject } from "cloudflare:workers";
import type { Envelope, SessionVectorResponse } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Env } from "../env.ts";
import { type Tenants, tenantOf, UnknownSiteError } from "../tenants.ts";
import { readEvents } from "../wire/split.ts";
import { ensureAlarmBy } from "./alarm.ts";
import { applyBatch } from "./apply-batch.ts";
import type { Receipt, SessionBatch } from "./batch.ts";
import { close } from "./close.ts";
import { PushLoop } from "./push-loop.ts";
import { pendingDeltas } from "./pushes.ts";
import { SessionStore } from "./store.ts";
import { newSession, restoreSession } from "./stored-session.ts";
import { countDelivery } from "./tab/tab.ts";

/** A session's vector at the time of the call. */
export type SessionVector = Omit<SessionVectorResponse, "entity" | "id">;

/** Most deltas that wait for rollups which cannot be reached. Beyond that the session takes no batch: the client keeps it. */
const MAX_PENDING = 256;

/**
 * One visit: the numbers it received, for ever, its features, and the deltas that rollups have not confirmed. All that is one value in
 * one row, written before the answer leaves: an acknowledgement means durable.
 */
export abstract class SessionObject extends DurableObject<Env> {
  /** The tenants of this deployment. A stored session made by other definitions begins anew the features that changed. */
  protected abstract readonly tenants: Tenants;

  readonly #store = new SessionStore(this.ctx.storage, (stored) =>
    restoreSession(stored, tenantOf(this.tenants, stored.site).definitions),
  );
  #loop: PushLoop | undefined;

  // Created on first use: the subclass sets `tenants` after the fields here are initialised.
  get #pushes(): PushLoop {
    this.#loop ??= new PushLoop(this.#store, this.ctx.storage, this.env, this.tenants);
    return this.#loop;
  }

  /**
   * Takes in a batch, with a verdict on each of its events.
   *
   * @returns `undefined` unless `events` is an array of as many items as a batch may have; nothing is stored then.
   * @throws Error when too many deltas wait for rollups; nothing is stored then.
   */
  ingest(batch: SessionBatch): Receipt | Promise<Receipt> | undefined {
    const events = readEvents(batch.events);
    if (!events) return undefined;
    const { definitions } = tenantOf(this.tenants, batch.site);
    const envelope = JSON.parse(batch.envelope) as Envelope;
    const stored = this.#store.load() ?? newSession(batch.site, envelope.session_id, definitions);
    if (pendingDeltas(stored.push_queue) >= MAX_PENDING) {
      this.ctx.waitUntil(this.#pushes.run());
      throw new Error(`${MAX_PENDING} deltas of the session wait for rollups that cannot be reached`);
    }
    const receipt = this.#store.change(stored, () => {
      const receipt = applyBatch(stored, batch, envelope, events, definitions);
      if (stored.last_received_at !== null && !stored.closed)
        ensureAlarmBy(this.ctx.storage, stored, stored.last_received_at + SESSION_IDLE_MS);
      return receipt;
    });
    const acknowledge = () => {
      if (!this.#pushes.isRunning && pendingDeltas(stored.push_queue) > 0) this.ctx.waitUntil(this.#pushes.run());
      return receipt;
    };
    return this.#store.commit(stored)?.then(acknowledge) ?? acknowledge();
  }

  /** The vector now, or `undefined` for a session that no event has reached. */
  vector(site: string): SessionVector | undefined {
    const stored = this.#store.load();
    if (!stored || stored.engine.event_time === null) return undefined;
    const { session, version } = tenantOf(this.tenants, site).definitions;
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
    };
  }

  /**
   * Repeats what rollups did not confirm, and closes the session when nothing was heard for 30 minutes. It is set when there is
   * none, and moved only when it rings too early: setting it costs as much as a row. A session whose site has left the configuration
   * stays as it is.
   */
  override async alarm(): Promise<void> {
    try {
      await this.#onAlarm();
    } catch (error) {
      // Another attempt would fail too, in each session of the site. The next batch sets the alarm again.
      if (!(error instanceof UnknownSiteError)) throw error;
      console.error("a session is left as it is stored", error.message);
    }
  }

  async #onAlarm(): Promise<void> {
    const atAlarm = this.#store.load();
    if (!atAlarm) return;
    atAlarm.alarm_at = null;
    await this.#pushes.run();

    const stored = this.#store.load() ?? atAlarm;
    if (stored.last_received_at !== null && !stored.closed) {
      const idleAt = stored.last_received_at + SESSION_IDLE_MS;
      const now = Date.now();
      if (now >= idleAt) close(stored, tenantOf(this.tenants, stored.site).definitions, now);
      else ensureAlarmBy(this.ctx.storage, stored, idleAt);
    }
    this.#store.write(stored);
  }
}
