import { DurableObject } from "cloudflare:workers";
import type { SinkDeadLetter, SinkProgress } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import { ObjectAlarm } from "../alarm.ts";
import type { SinkDefinition } from "../define-sink.ts";
import type { JournalPlace } from "../entities/journal.ts";
import { type Env, metricsOf, partitionOf } from "../env.ts";
import { type LoggedPartition, readLogged } from "../log/partition-records.ts";
import { positionOf } from "../log/stream-records.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { expectKnown } from "../release.ts";
import type { Cut, Sink } from "../sinks/sink.ts";
import { type Tenant, type Tenants, tenantOf } from "../tenants.ts";
import { withinTime } from "../within-time.ts";
import { applyOutcomes } from "./apply-outcomes.ts";
import { chooser } from "./chosen.ts";
import { cutRecords, type OpenCut } from "./cut-records.ts";
import { SinkDeadLetters } from "./dead-letters.ts";
import { findOffset } from "./find-offset.ts";
import { beginGathering, hasGathered } from "./gathering.ts";
import { expiryOf, expiryOfCut, giveUpCut } from "./keeping.ts";
import { endOf, RecordReader } from "./record-reader.ts";
import { unpackTexts } from "./sink-records.ts";
import { EGRESS_VERSION, type StoredEgress } from "./stored-egress.ts";
import { attemptInTime, planInTime, type Surroundings } from "./timed-attempt.ts";

const STATE = "egress";

/** Time after which a stopped egress continues, in milliseconds. */
const CONTINUE_MS = 60_000;

/** Time for which an alarm waits until everything is sent, in milliseconds: the platform ends an alarm after 15 minutes. */
const ALARM_MS = 300_000;

/** Longest time to the next alarm, in milliseconds: a later time was stored before the clock was set back. */
const MAX_WAIT_MS = 3_600_000;

/**
 * The Durable Object that sends the records of one partition to one sink of its site.
 *
 * It cuts the next records of the partition's stream. It stores them in one row, together with its place in the stream and
 * the state of the sink. Then it sends them until each one is delivered or refused. So nothing is lost, and a crash repeats
 * the latest attempt with the same records. One cut is in flight at a time. The sink's target holds up this object only.
 */
export abstract class EgressObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  readonly #alarm = new ObjectAlarm(this.ctx);
  #deadLetters: SinkDeadLetters | undefined;
  #state: StoredEgress | undefined;
  /** Whether the state in memory has outcomes, or a later place, that are not stored. */
  #hasOutcomes = false;
  #hasMoved = false;
  #reader: RecordReader | undefined;
  #cut: OpenCut | undefined;
  #sink: { to: SinkDefinition["to"]; sink: Sink } | undefined;
  #running: Promise<void> | undefined;
  #isWoken = false;
  /** The latest place of the stream that the partition has announced; `undefined` before. */
  #latest: JournalPlace | undefined;
  /** Whether records are sent at once, although they may gather for longer. */
  #isDraining = false;
  /** Number of changes of the place in the stream by operators. */
  #moves = 0;

  /**
   * Sends the records that follow. Returns before they are sent.
   *
   * @param latest The place of the latest entry in the partition's stream. An earlier release does not give it.
   */
  async wake(site: string, sink: string, partition: number, latest?: JournalPlace): Promise<void> {
    const state = await this.#open(site, sink, partition);
    if (latest) {
      this.#latest = latest;
      this.#reader?.extendTo(latest.position);
    } else this.#reader = undefined;
    const isPaused = this.#isPaused(state);
    // A restarted partition announces records that are sent already.
    const hasMore = !latest || endOf(latest.position) > state.cursor;
    if (hasMore && state.waiting_since === undefined) {
      state.waiting_since = Date.now();
      // An object that sends nothing stops soon.
      if (isPaused) this.#write(state);
    }
    // The partition does not call again: a crash before the cut is stored is noticed by the alarm.
    if (hasMore && !isPaused && !state.cut && !state.gathering) this.#alarm.ensure(Date.now() + CONTINUE_MS);
    this.#start();
  }

  /** The progress of the sink. */
  async status(site: string, sink: string, partition: number): Promise<SinkProgress> {
    const state = await this.#open(site, sink, partition);
    const pending = this.#openCut(state)?.stored.pending ?? [];
    const source = partitionOf(this.env, tenantOf(this.tenants, site), partition);
    const after = positionOf(state.cursor + 1) - 1;
    const waiting = await source.countAfter(site, partition, after);
    const oldest = pending[0] === undefined ? state.waiting_since : this.#cut?.records[pending[0]]?.record.received_at;
    const { delivered, refused, uncertain, attempts, delivered_at, cut } = state;
    return {
      ...{ partition, paused: this.#isPaused(state), lag_records: pending.length + waiting },
      lag_ms: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest),
      ...{ delivered, refused, uncertain, attempts, failures: cut?.failures ?? 0, delivered_at: delivered_at ?? null },
      retry_at: cut && cut.failures > 0 ? cut.retry_at : null,
      reason: cut?.reason ?? null,
    };
  }

  /**
   * The position of the partition's stream up to which the sink has delivered or passed all records: that of a paused sink is
   * infinite, because it delivers none on purpose.
   */
  async passedTo(site: string, sink: string, partition: number): Promise<number> {
    const state = await this.#open(site, sink, partition);
    if (this.#isPaused(state)) return Number.POSITIVE_INFINITY;
    const open = this.#openCut(state);
    const first = open?.stored.pending[0];
    const pending = first === undefined ? undefined : open?.records[first]?.record.offset;
    if (pending !== undefined) return positionOf(pending) - 1;
    const after = positionOf(state.cursor + 1) - 1;
    const source = partitionOf(this.env, tenantOf(this.tenants, site), partition);
    const { to } = await source.unlogged(site, partition);
    // Entries without records need no sink.
    return (await source.countAfter(site, partition, after)) === 0 ? to : after;
  }

  /** The latest records that the target has refused, the latest first. */
  async deadLetters(site: string, sink: string, partition: number): Promise<SinkDeadLetter[]> {
    await this.#open(site, sink, partition);
    return this.#letters().list();
  }

  /** Sends nothing from now on, except for an attempt that has begun. */
  async pause(site: string, sink: string, partition: number): Promise<void> {
    const state = await this.#open(site, sink, partition);
    state.paused = true;
    this.#write(state);
    this.#start();
  }

  /** Continues after a pause, and at once after failures. */
  async resume(site: string, sink: string, partition: number): Promise<void> {
    const state = await this.#open(site, sink, partition);
    state.paused = false;
    if (state.cut) state.cut.retry_at = 0;
    this.#write(state);
    this.#drain();
  }

  /**
   * Begins again at the first record that was received at a time or later, unless the sink is there or before it. A cut in
   * flight is sent first.
   *
   * @param from UTC milliseconds.
   * @returns Whether the sink begins again.
   */
  async replay(site: string, sink: string, partition: number, from: number): Promise<boolean> {
    await this.#open(site, sink, partition);
    const tenant = tenantOf(this.tenants, site);
    const { after } = await partitionOf(this.env, tenant, partition).unlogged(site, partition);
    const reader = this.#readerOf(tenant, partition, endOf(after));
    const found = await findOffset(this.#loggedOf(tenant, partition), reader, from);
    const state = await this.#open(site, sink, partition);
    if (found === undefined || found > state.cursor) return false;
    state.cursor = found - 1;
    state.waiting_since = from;
    this.#moves += 1;
    this.#write(state);
    this.#drain();
    return true;
  }

  /** Continues after a crash or a backoff, and deletes what is no longer kept. */
  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#alarm.run(async () => {
      const stored = this.ctx.storage.kv.get<StoredEgress>(STATE);
      if (!stored) return;
      expectKnown("an egress", stored.version, EGRESS_VERSION);
      if (!this.#definitionOf(stored)) return this.#forgetRecords(stored);
      const state = await this.#open(stored.site, stored.sink, stored.partition);
      this.#reader = undefined;
      this.#start();
      await withinTime(this.#running, ALARM_MS);
      if (this.#running) this.#alarm.ensure(Date.now() + CONTINUE_MS);
      else if (this.#hasMoved && this.#state) this.#write(this.#state);
      this.#deleteExpiredLetters(state);
    }, info);
  }

  async #open(site: string, sink: string, partition: number): Promise<StoredEgress> {
    const tenant = tenantOf(this.tenants, site);
    this.#state ??= this.ctx.storage.kv.get<StoredEgress>(STATE);
    if (!this.#state) {
      const start = await partitionOf(this.env, tenant, partition).sinkStart(site, partition, sink);
      const counts = { delivered: 0, refused: 0, uncertain: 0, attempts: { complete: 0, partial: 0, failed: 0 } };
      this.#state ??= { version: EGRESS_VERSION, site, sink, partition, cursor: endOf(start), ...counts };
    }
    expectKnown("an egress", this.#state.version, EGRESS_VERSION);
    const { site: ownSite, sink: ownSink, partition: own } = this.#state;
    if (ownSite !== site || ownSink !== sink || own !== partition)
      throw new RangeError(`the egress of ${ownSite}, ${ownSink}, ${own} was called as ${site}, ${sink}, ${partition}`);
    return this.#state;
  }

  #letters(): SinkDeadLetters {
    this.#deadLetters ??= new SinkDeadLetters(this.ctx.storage.sql);
    return this.#deadLetters;
  }

  #write(state: StoredEgress): void {
    this.ctx.storage.kv.put(STATE, state);
    this.#hasOutcomes = false;
    this.#hasMoved = false;
  }

  #definitionOf({ site, sink }: StoredEgress): SinkDefinition | undefined {
    return this.tenants.get(site)?.sinks.find(({ name }) => name === sink);
  }

  #isPaused(state: StoredEgress): boolean {
    return state.paused ?? this.#definitionOf(state)?.paused ?? false;
  }

  /** Deletes all records of a sink, or a site, that is not in the configuration any more. It keeps its place. */
  #forgetRecords(state: StoredEgress): void {
    this.#state = state;
    const open = this.#openCut(state);
    if (open) giveUpCut(state, open);
    this.#cut = undefined;
    this.#reader = undefined;
    this.ctx.storage.transactionSync(() => {
      if (open) this.#write(state);
      if (state.refused > 0) this.#letters().deleteExpired(() => 0, Date.now());
    });
  }

  #deleteExpiredLetters({ site, refused }: StoredEgress): void {
    if (refused === 0) return;
    const log = this.tenants.get(site)?.log;
    this.#alarm.ensure(this.#letters().deleteExpired((letter) => expiryOf(log, letter), Date.now()));
  }

  /** Sends everything, without waiting for more records. */
  #drain(): void {
    this.#reader = undefined;
    this.#isDraining = true;
    this.#start();
  }

  #start(): void {
    this.#isWoken = true;
    this.#running ??= this.#run();
    this.ctx.waitUntil(this.#running);
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    try {
      while (this.#isWoken) {
        this.#isWoken = false;
        await this.#sendAll();
      }
    } catch (error) {
      console.error("an egress could not continue; it tries again", error);
      this.#writeOutcomes();
      // What is in memory may differ from what is stored.
      this.#state = undefined;
      this.#reader = undefined;
      this.#cut = undefined;
      this.#hasOutcomes = false;
      this.#hasMoved = false;
      this.#alarm.ensure(Date.now() + CONTINUE_MS);
    } finally {
      this.#isDraining = false;
      this.#running = undefined;
    }
  }

  /** Stores outcomes that the next cut should have been stored with. */
  #writeOutcomes(): void {
    if (!this.#hasOutcomes || !this.#state) return;
    try {
      this.#write(this.#state);
    } catch (error) {
      console.error("an egress could not store its outcomes; it sends the records again", error);
    }
  }

  /** Cuts and sends until nothing is left, or the sink has to wait. */
  async #sendAll(): Promise<void> {
    for (let hasSent = false; ; hasSent = true) {
      const state = this.#state;
      const definition = state && this.#definitionOf(state);
      if (!state || !definition) return;
      const tenant = tenantOf(this.tenants, state.site);
      const expiry = this.#giveUpExpired(state, tenant);
      if (this.#isPaused(state)) {
        this.#alarm.ensure(expiry);
        return;
      }
      const sink = await this.#load(definition, tenant);
      if (!hasSent && this.#isGathering(state, sink)) return;
      if (!state.cut && !(await this.#cutNext(state, tenant, definition, sink))) return;
      if (!state.cut) continue;
      const wait = state.cut.retry_at - Date.now();
      if (wait > 0) {
        this.#alarm.ensure(Date.now() + Math.min(wait, MAX_WAIT_MS));
        return;
      }
      await this.#send(state, definition, sink);
    }
  }

  /**
   * Gives up a cut with records that the log no longer keeps.
   *
   * @returns The time at which it has to be given up, in UTC milliseconds; `undefined` without a cut.
   */
  #giveUpExpired(state: StoredEgress, { log }: Tenant): number | undefined {
    const open = this.#openCut(state);
    if (!open) return undefined;
    const expiry = expiryOfCut(open, log);
    if (expiry > Date.now()) return expiry;
    giveUpCut(state, open);
    this.#cut = undefined;
    this.#reader = undefined;
    this.#write(state);
    return undefined;
  }

  /** Whether the next records have to gather for longer. Begins it, and stores it for the case of a restart. */
  #isGathering(state: StoredEgress, sink: Sink): boolean {
    if (!sink.gatherMs || state.cut || this.#isDraining) return false;
    const now = Date.now();
    if (!state.gathering) {
      if (state.waiting_since === undefined) return false;
      state.gathering = beginGathering(sink, this.#latest, now);
      this.#write(state);
    }
    if (hasGathered(state.gathering, sink, this.#latest, now)) return false;
    this.#alarm.ensure(state.gathering.until);
    return true;
  }

  async #load({ name, to }: SinkDefinition, { features }: Tenant): Promise<Sink> {
    if (this.#sink?.to !== to) this.#sink = { to, sink: (await to.create({ sink: name, features })) as Sink };
    return this.#sink.sink;
  }

  /**
   * Cuts the next records, and stores the cut together with the state that the sink plans for it.
   *
   * @returns Whether there may be more to do at once.
   */
  async #cutNext(state: StoredEgress, tenant: Tenant, definition: SinkDefinition, sink: Sink): Promise<boolean> {
    const moves = this.#moves;
    this.#reader ??= this.#readerOf(tenant, state.partition, state.cursor);
    const reader = this.#reader;
    const isChosen = chooser(definition);
    const now = Date.now();
    const isSent = (record: LogRecord) => expiryOf(tenant.log, record) > now && isChosen(record);
    const cut = await cutRecords(`${state.site}/${state.partition}`, reader, isSent, sink.limits);
    if (moves !== this.#moves) return true;
    if (!cut) {
      this.#passTo(state, reader.taken);
      return false;
    }
    const { stored, records, through, isBehindReader } = cut;
    const planned = await planInTime(
      sink,
      { ...stored, records },
      this.#stateFor(state, definition),
      surroundings(this.env, state),
    );
    if (moves !== this.#moves) return true;
    if (isBehindReader) this.#reader = undefined;
    state.cursor = through;
    state.cut = stored;
    if (planned !== undefined) state.state = { type: definition.to.type, value: planned };
    delete state.waiting_since;
    delete state.gathering;
    this.#cut = { stored, records };
    // Before the first attempt, so that a crash in it is noticed.
    this.#alarm.ensure(Date.now() + CONTINUE_MS);
    this.#write(state);
    return true;
  }

  /** @param after Offset of the record before the first. */
  #readerOf(tenant: Tenant, partition: number, after: number): RecordReader {
    const site = tenant.site.id;
    const logged = this.#loggedOf(tenant, partition);
    const source = {
      ...{ site, partition },
      // A stub fails for good when its object has stopped, and the reader stays.
      readAfter: async (position: number) =>
        partitionOf(this.env, tenant, partition).readAfter(site, partition, position),
      readLogged: (offset: number) => readLogged(logged, offset),
    };
    return new RecordReader(source, after);
  }

  #loggedOf({ site, features }: Tenant, partition: number): LoggedPartition {
    return { env: this.env, site: site.id, features, partition };
  }

  /** Moves on over records that are not for the sink. The new place is stored with the next cut, or by the alarm. */
  #passTo(state: StoredEgress, offset: number): void {
    const hasMoved = offset !== state.cursor || state.gathering !== undefined || state.waiting_since !== undefined;
    delete state.waiting_since;
    delete state.gathering;
    state.cursor = offset;
    if (this.#hasOutcomes) this.#write(state);
    else if (hasMoved) this.#hasMoved = true;
    if (this.#hasMoved) this.#alarm.ensure(Date.now() + CONTINUE_MS);
  }

  #stateFor({ state }: StoredEgress, { to }: SinkDefinition): unknown {
    return state?.type === to.type ? state.value : undefined;
  }

  #openCut(state: StoredEgress): OpenCut | undefined {
    if (!state.cut) return undefined;
    if (this.#cut?.stored !== state.cut) this.#cut = { stored: state.cut, records: unpackTexts(state.cut.records) };
    return this.#cut;
  }

  /** Sends the cut in flight once, and stores the outcomes. */
  async #send(state: StoredEgress, definition: SinkDefinition, sink: Sink): Promise<void> {
    const open = this.#openCut(state);
    if (!open) return;
    const { id, at, pending } = open.stored;
    this.#alarm.ensure(Date.now() + CONTINUE_MS);
    // A connection may send before the platform has confirmed the write.
    if (sink.plan) await this.ctx.storage.sync();
    const cut: Cut = { id, at, records: open.records, pending };
    const ofSink = this.#stateFor(state, definition);
    const attempt = await attemptInTime(sink, cut, ofSink, surroundings(this.env, state));
    const sending = meter.send(() => metricsOf(this.env));
    if (sending) this.ctx.waitUntil(sending);
    const now = Date.now();
    const before = state.refused;
    const refused = applyOutcomes(state, open, attempt, definition.to.type, now);
    if (!state.cut) this.#cut = undefined;
    else {
      const { site, sink: name, partition } = state;
      const reason = `sink ${name} of site ${site}, partition ${partition}: the attempt is repeated: ${state.cut.reason}`;
      console.error(reason);
    }
    // A cut that follows at once is stored in the same write.
    this.#hasOutcomes = refused.length === 0 && !state.cut && this.#reader?.hasNext === true && !this.#isPaused(state);
    if (this.#hasOutcomes) return;
    this.ctx.storage.transactionSync(() => {
      if (refused.length > 0) this.#letters().add(before, refused, now);
      this.#write(state);
    });
    if (refused.length > 0) this.#deleteExpiredLetters(state);
  }
}

const surroundings = (env: Env, { site, partition }: StoredEgress): Surroundings => ({ env, site, partition });
