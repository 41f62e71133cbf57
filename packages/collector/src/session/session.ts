import { DurableObject } from "cloudflare:workers";
import type { Dropped, Envelope, Event, Rejection, SessionVectorAnswer } from "@tidemark/schema";
import { SESSION_IDLE_MS } from "@tidemark/schema/limits";
import type { Definitions } from "../definitions.ts";
import type { EntityEngine } from "../engine/entity-engine.ts";
import type { Occurrence } from "../engine/occurrence.ts";
import { isPersonal } from "../engine/personal.ts";
import { readEvents } from "../ingest/split.ts";
import { type Delta, entityOf, type RollupKey, rollupKey } from "../rollup/push.ts";
import { judge } from "../verdict/judge.ts";
import { type Env, rollupOf } from "./address.ts";
import { correct, observe } from "./clock.ts";
import { bySeq, seqOf } from "./numbers.ts";
import { confirm, due, newOutbox, openPush, owed, takeOver, tell } from "./outbox.ts";
import { Row, type Stored } from "./row.ts";
import { countDelivery, countMissing, drop, newTab, receive, reject } from "./tab.ts";
import { viewsById } from "./views.ts";

/** A batch on its way into its session. Its parts are in JSON, as they came: less work to hand over than what they say. */
export interface Delivery {
  site: string;
  /** The batch without its events, which keeps the contract. */
  envelope: string;
  /** The list of its events. */
  events: string;
  /** Whose browser it is; what the envelope says of that does not count. */
  anonymous_id: string;
  /** UTC milliseconds by the collector's clock. */
  received_at: number;
}

/** What the session made of a batch. */
export interface Receipt {
  accepted: number;
  duplicates: number;
  rejected: Rejection[];
  /** Of the numbers that the batch reports as dropped, those that were not known to be: how many, by reason. */
  dropped: { [R in Dropped["reason"]]?: number };
  /** By how much the tab's missing numbers became more, or fewer when a gap closed. */
  missing_change: number;
}

/** A session's vector at the time of the call. */
export type SessionVector = Omit<SessionVectorAnswer, "entity" | "id">;

type OccurrenceOfVisitor = Occurrence & { anonymous_id: string };

/** Entities to fold a batch into, each with the delta that the event before went to: the next one is mostly about the same. */
type Feeding = (EntityEngine & { id: string | undefined; delta: Delta | undefined })[];

const inOrder = (receipt: Receipt): Receipt => {
  receipt.rejected.sort((a, b) => a.index - b.index);
  return receipt;
};

/** Most tabs of one session. */
const MAX_TABS = 256;

/** Most deltas that a session owes to rollups which cannot be reached. Beyond that it takes no batch: the client keeps it. */
const MAX_OWED = 256;

/** Least time from one write of the row to the next, in milliseconds: a session that gets many batches at once writes once for them. */
const WRITE_EVERY_MS = 2;

/** Least time from one push of deltas to the next, in milliseconds: rollups show an event within a second. */
const PUSH_EVERY_MS = 800;

/** Time to the next attempt after a push that failed, in milliseconds: doubled each time, up to the longest. */
const RETRY_MS = { first: 1_000, longest: 60_000 };

/**
 * One visit: the numbers it received, for ever, its features, and what it owes to rollups. All that is one value in one row,
 * written before the answer leaves: an acknowledgement means durable.
 */
export abstract class SessionObject extends DurableObject<Env> {
  /** The definitions of this deployment, compiled. A stored session made by others begins anew the features that changed. */
  protected abstract readonly definitions: Definitions;

  readonly #row = new Row(this.ctx.storage);
  #stored: Stored | undefined;
  #push: Promise<void> | undefined;
  #pushedAt = 0;
  #wroteAt = 0;
  /** A write that batches wait for. */
  #due: { stored: Stored; written: Promise<void> } | undefined;
  #failures = 0;

  /**
   * Takes in a batch, with a verdict on each of its events. Any repetition, reordering, overlap or splitting of batches counts
   * each event once.
   *
   * @returns `undefined` when the events are no list of as many as a batch may have; nothing is stored then.
   * @throws Error when too much is owed to rollups; nothing is stored then.
   */
  ingest(delivery: Delivery): Receipt | Promise<Receipt> | undefined {
    const events = readEvents(delivery.events);
    if (!events) return undefined;
    const envelope = JSON.parse(delivery.envelope) as Envelope;
    const stored = this.#load() ?? this.#begin(delivery.site, envelope.session_id);
    if (owed(stored.outbox) >= MAX_OWED) {
      this.ctx.waitUntil(this.#pushDeltas());
      throw new Error(`the session owes ${MAX_OWED} deltas to rollups that cannot be reached`);
    }
    // Until it is taken in: when something fails in between, what was stored counts.
    this.#stored = undefined;
    const receipt = this.#take(stored, delivery, envelope, events);
    if (stored.heard_at !== null && !stored.closed) this.#wakeBy(stored, stored.heard_at + SESSION_IDLE_MS);
    this.#stored = stored;
    const acknowledge = () => {
      if (!this.#push && owed(stored.outbox) > 0) this.ctx.waitUntil(this.#pushDeltas());
      return receipt;
    };
    return this.#commit(stored)?.then(acknowledge) ?? acknowledge();
  }

  /** The vector now, or `undefined` for a session that no event has reached. */
  vector(): SessionVector | undefined {
    const stored = this.#load();
    if (!stored || stored.engine.event_time === null) return undefined;
    const { engine, final, closed } = stored;
    const { event_time, late, too_late } = stored.engine;
    const at = Math.max(Date.now(), event_time);
    return {
      event_time,
      watermark: this.definitions.session.watermark(engine) ?? event_time,
      age_ms: at - event_time,
      definition_version: this.definitions.version,
      version: final?.version ?? 0,
      closed_at: final !== null && closed ? final.closed_at : null,
      late,
      too_late,
      features: this.definitions.session.vector(engine, at),
      consent: stored.consent,
      delivery: countDelivery(stored.tabs.values()),
    };
  }

  /**
   * Repeats what rollups did not confirm, and closes the session when nothing was heard for 30 minutes. It is set when there is
   * none, and moved only when it rings too early: setting it costs as much as a row.
   */
  override async alarm(): Promise<void> {
    const ringing = this.#load();
    if (!ringing) return;
    ringing.alarm_at = null;
    await this.#pushDeltas();

    const stored = this.#load() ?? ringing;
    if (stored.heard_at !== null && !stored.closed) {
      const idleAt = stored.heard_at + SESSION_IDLE_MS;
      const now = Date.now();
      if (now >= idleAt) this.#close(stored, now);
      else this.#wakeBy(stored, idleAt);
    }
    this.#store(stored);
  }

  #load(): Stored | undefined {
    if (!this.#stored) {
      this.#stored = this.#row.read();
      if (this.#stored) this.#renew(this.#stored);
    }
    return this.#stored;
  }

  /** Makes what another instance stored one's own: of its deltas nobody knows which it sent, and its definitions may be others. */
  #renew(stored: Stored): void {
    takeOver(stored.outbox, this.definitions.layouts);
    stored.engine = this.definitions.session.migrate(stored.engine).state;
    if (stored.definition_version === this.definitions.version) return;
    stored.definition_version = this.definitions.version;
    for (const { deltas } of stored.outbox.sealed) {
      for (const key of Object.keys(deltas) as RollupKey[])
        if (!this.definitions.rollups.has(entityOf(key))) delete deltas[key];
    }
  }

  #begin(site: string, session_id: string): Stored {
    return {
      site,
      session_id,
      definition_version: this.definitions.version,
      tabs: new Map(),
      engine: this.definitions.session.zero(),
      outbox: newOutbox(this.definitions.layouts),
      heard_at: null,
      alarm_at: null,
      closed: false,
      final: null,
    };
  }

  #store(stored: Stored): void {
    this.#stored = undefined;
    this.#row.write(stored);
    this.#stored = stored;
    this.#wroteAt = Date.now();
  }

  /**
   * Stores what was taken in: at once, or together with what comes within a few milliseconds when the row was written just now.
   *
   * @returns When it will be stored, if that is not yet. Rejects when it could not be, or a batch that came meanwhile failed.
   */
  #commit(stored: Stored): Promise<void> | undefined {
    if (this.#due?.stored === stored) return this.#due.written;
    const early = this.#wroteAt + WRITE_EVERY_MS - Date.now();
    // Not for longer, whatever the clock does.
    if (early <= 0 || early > WRITE_EVERY_MS) {
      this.#store(stored);
      return undefined;
    }
    const due = { stored, written: this.#storeLater(stored, early) };
    this.#due = due;
    const settled = () => {
      if (this.#due === due) this.#due = undefined;
    };
    due.written.then(settled, settled);
    return due.written;
  }

  async #storeLater(stored: Stored, ms: number): Promise<void> {
    await scheduler.wait(ms);
    if (this.#stored !== stored) throw new Error("another batch failed before this one was stored");
    this.#store(stored);
  }

  #take(
    stored: Stored,
    { anonymous_id, received_at }: Delivery,
    { session_id, user_id, consent, tab_id, sent_at, dropped = [], views }: Envelope,
    events: unknown[],
  ): Receipt {
    const { valid, rejected } = judge({ events, views, consent });
    const receipt: Receipt = { accepted: 0, duplicates: 0, rejected, dropped: {}, missing_change: 0 };
    let tab = stored.tabs.get(tab_id);
    if (!tab) {
      if (stored.tabs.size >= MAX_TABS) {
        const message = `the session has ${MAX_TABS} tabs already; begin a new session`;
        for (const index of valid) rejected.push({ index, code: "too_many_tabs", path: "", message });
        return inOrder(receipt);
      }
      tab = newTab();
      stored.tabs.set(tab_id, tab);
    }

    const missing = countMissing(tab);
    observe(tab.clock, sent_at, received_at);
    for (const { index } of rejected) {
      const seq = seqOf(events[index]);
      if (seq !== undefined) reject(tab, seq);
    }
    for (const range of dropped)
      receipt.dropped[range.reason] = (receipt.dropped[range.reason] ?? 0) + drop(tab, range);

    const user = isPersonal(consent) ? user_id : undefined;
    const feeding: Feeding = [...this.definitions.rollups.values()].map((each) => ({
      ...each,
      id: undefined,
      delta: undefined,
    }));
    const viewOf = viewsById(views);
    for (const index of bySeq(events, valid)) {
      const event = events[index] as Event;
      const arrival = receive(tab, event.seq);
      if (arrival === "duplicate") {
        receipt.duplicates += 1;
      } else if (arrival === "full") {
        const message = `seq: too many numbers before ${event.seq} never arrived; begin a new tab_id`;
        rejected.push({ index, code: "too_many_gaps", path: "seq", message });
      } else {
        const { seq, time } = event;
        const view = event.view_id === undefined ? undefined : viewOf(event.view_id);
        // Of one shape for events of every type, which are left as they are: it is read often.
        const occurrence: OccurrenceOfVisitor = {
          time: correct(tab.clock, seq, time),
          tab_id,
          seq,
          // One text for all events of the view: what is the same is quickly compared.
          view_id: view?.view_id,
          view,
          view_time_ms: view && Math.max(0, time - view.started_at),
          session_id,
          anonymous_id,
          user_id: event.type === "identify" ? event.user_id : user,
          consent,
        };
        if (this.#fold(stored, event, occurrence, feeding)) {
          stored.heard_at = Math.max(stored.heard_at ?? received_at, received_at);
          stored.closed = false;
        }
        receipt.accepted += 1;
      }
    }
    receipt.missing_change = countMissing(tab) - missing;
    return inOrder(receipt);
  }

  /** Folds an event into the session's features and into what it owes. Returns whether it counts: its session judges for all. */
  #fold(stored: Stored, event: Event, occurrence: OccurrenceOfVisitor, feeding: Feeding): boolean {
    const { time, anonymous_id, consent } = occurrence;
    if (time >= (stored.engine.event_time ?? 0)) stored.consent = consent;
    const came = this.definitions.session.fold(stored.engine, event, occurrence);
    const { deltas } = openPush(stored.outbox, stored.session_id);
    for (const fed of feeding) {
      const { entity, engine } = fed;
      const id = fed.idOf(event, occurrence);
      if (id === undefined) continue;
      if (fed.delta === undefined || fed.id !== id) {
        fed.id = id;
        fed.delta = deltas[rollupKey(entity, id)] ??= engine.nothing();
      }
      const { delta } = fed;
      if (entity === "user" && id !== anonymous_id) delta.anonymous_id = anonymous_id;
      if (came === "too_late") {
        delta.too_late = (delta.too_late ?? 0) + 1;
        continue;
      }
      if (came === "late") delta.late = (delta.late ?? 0) + 1;
      engine.add(delta, event, occurrence);
    }
    return came !== "too_late";
  }

  #close(stored: Stored, now: number): void {
    const { session, version } = this.definitions;
    session.advance(stored.engine, now);
    const { event_time, late, too_late } = stored.engine;
    stored.closed = true;
    stored.final = {
      version: (stored.final?.version ?? 0) + 1,
      closed_at: now,
      definition_version: version,
      event_time: event_time ?? now,
      features: session.vector(stored.engine, event_time ?? now),
      late,
      too_late,
      consent: stored.consent,
      delivery: countDelivery(stored.tabs.values()),
    };
  }

  /** Sees to it that the alarm rings at this time or before. */
  #wakeBy(stored: Stored, time: number): void {
    const { alarm_at } = stored;
    if (alarm_at !== null && alarm_at > Date.now() && alarm_at <= time) return;
    stored.alarm_at = time;
    this.ctx.storage.setAlarm(time);
  }

  /** Sends what is owed, one push at a time, until nothing is owed or a rollup cannot be reached. Never rejects. */
  #pushDeltas(): Promise<void> {
    this.#push ??= this.#pushUntilDone()
      .catch((error) => console.error("a session could not push to rollups", error))
      .finally(() => {
        this.#push = undefined;
      });
    return this.#push;
  }

  async #pushUntilDone(): Promise<void> {
    for (let stored = this.#load(); stored && owed(stored.outbox) > 0; stored = this.#load()) {
      const early = this.#pushedAt + PUSH_EVERY_MS - Date.now();
      // No longer, whatever the clock does.
      if (early > 0) await scheduler.wait(Math.min(early, PUSH_EVERY_MS));
      this.#pushedAt = Date.now();
      if (!(await this.#pushOnce())) return;
    }
  }

  /** Sends what is due. Returns whether it arrived; otherwise the alarm is set for the next attempt. */
  async #pushOnce(): Promise<boolean> {
    // What a rollup has seen must not be lost here.
    await this.#due?.written.catch(() => {});
    const stored = this.#load();
    if (!stored) return true;
    const { site, session_id, outbox } = stored;
    const pushes = due(outbox);
    const [first] = pushes;
    if (!first) return true;
    try {
      const depth = await rollupOf(this.env, site, first.shard).apply(session_id, tell(outbox, pushes));
      confirm(outbox, pushes, depth);
      this.#failures = 0;
      return true;
    } catch (error) {
      console.error("rollups could not be reached; the session tries again", error);
      this.#wakeBy(stored, Date.now() + Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures));
      this.#failures += 1;
      return false;
    }
  }
}
