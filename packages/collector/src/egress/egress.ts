import { DurableObject } from "cloudflare:workers";
import type { SinkDeadLetter, SinkProgress } from "@tidemark/schema";
import type { LogRecord } from "@tidemark/schema/log";
import { ObjectAlarm } from "../alarm.ts";
import type { SinkDefinition } from "../define-sink.ts";
import { type Env, metricsOf, partitionOf } from "../env.ts";
import { findReceived, type LoggedPartition, readLogged } from "../log/partition-records.ts";
import { positionOf } from "../log/stream-records.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { measureWait } from "../metrics/waits.ts";
import { expectKnown } from "../release.ts";
import type { Attempt, Cut, Sink, SinkContext, SinkOutcome, SinkRecord } from "../sinks/sink.ts";
import { type Tenant, type Tenants, tenantOf } from "../tenants.ts";
import { withinTime } from "../within-time.ts";
import { retryAfter } from "./backoff.ts";
import { chooser } from "./chosen.ts";
import { SinkDeadLetters } from "./dead-letters.ts";
import { endOf, RecordReader } from "./record-reader.ts";
import { packTexts, sinkRecordOf, unpackTexts } from "./sink-records.ts";
import { EGRESS_VERSION, type StoredCut, type StoredEgress } from "./stored-egress.ts";

const STATE = "egress";

/** Longest duration of an attempt, in milliseconds, and the time after it in which a sink has to return. */
const ATTEMPT_MS = { signal: 30_000, grace: 2_000 };

/** Time after which a stopped egress continues, in milliseconds. */
const CONTINUE_MS = 60_000;

/** Time for which an alarm waits until everything is sent, in milliseconds: the platform ends an alarm after 15 minutes. */
const ALARM_MS = 300_000;

/** Largest size of a cut in JSON, whatever the sink allows, and of its packed records: a stored value has at most 2 MB. */
const MAX_CUT = { bytes: 4_000_000, packed: 1_800_000 };

/** Largest number of characters of a stored reason. */
const MAX_REASON = 500;

/** A cut in memory, with its sink. */
interface OpenCut {
  stored: StoredCut;
  records: readonly SinkRecord[];
}

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
  /** Number of changes of the place in the stream by operators. */
  #moves = 0;

  /** Sends the records that follow. Returns before they are sent. */
  async wake(site: string, sink: string, partition: number): Promise<void> {
    const state = await this.#open(site, sink, partition);
    if (state.waiting_since === undefined && !state.cut) {
      state.waiting_since = Date.now();
      // An object that sends nothing stops soon.
      if (this.#isPaused(state)) this.#write(state);
    }
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
  }

  /** Continues after a pause, and at once after failures. */
  async resume(site: string, sink: string, partition: number): Promise<void> {
    const state = await this.#open(site, sink, partition);
    state.paused = false;
    if (state.cut) state.cut.retry_at = 0;
    this.#write(state);
    this.#start();
  }

  /**
   * Begins again at the first record that was received at a time or later, unless the sink is there or before it. A cut in
   * flight is sent first.
   *
   * @param from UTC milliseconds.
   * @returns Whether the sink begins again.
   */
  async replay(site: string, sink: string, partition: number, from: number): Promise<boolean> {
    const found = await this.#findReceived(await this.#open(site, sink, partition), from);
    const state = await this.#open(site, sink, partition);
    if (found === undefined || found > state.cursor) return false;
    state.cursor = found - 1;
    state.waiting_since = from;
    this.#moves += 1;
    this.#reader = undefined;
    this.#write(state);
    this.#start();
    return true;
  }

  /** Continues after a crash or a backoff. */
  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#alarm.run(async () => {
      const stored = this.ctx.storage.kv.get<StoredEgress>(STATE);
      if (!stored || !this.tenants.get(stored.site)) return;
      await this.#open(stored.site, stored.sink, stored.partition);
      this.#start();
      await withinTime(this.#running, ALARM_MS);
      if (this.#running) this.#alarm.ensure(Date.now() + CONTINUE_MS);
      else if (this.#hasMoved && this.#state) this.#write(this.#state);
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
    for (;;) {
      const state = this.#state;
      const definition = state && this.#definitionOf(state);
      if (!state || !definition || this.#isPaused(state)) return;
      const tenant = tenantOf(this.tenants, state.site);
      const sink = await this.#load(definition, tenant);
      if (!state.cut && !(await this.#cutNext(state, tenant, definition, sink))) return;
      if (!state.cut) continue;
      const wait = state.cut.retry_at - Date.now();
      if (wait > 0) {
        // A time far in the future was stored before the clock was set back.
        this.#alarm.ensure(Date.now() + Math.min(wait, 3_600_000));
        return;
      }
      await this.#send(state, definition, sink);
    }
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
    this.#reader ??= this.#readerOf(state, tenant);
    const reader = this.#reader;
    const { records, texts } = await readChosen(reader, chooser(definition), sink.limits);
    if (moves !== this.#moves) return true;
    if (records.length === 0) {
      this.#passTo(state, reader.taken);
      return false;
    }
    let packed = packTexts(texts);
    while (packed.length > MAX_CUT.packed && texts.length > 1) {
      texts.length = Math.ceil(texts.length / 2);
      packed = packTexts(texts);
    }
    const isWhole = texts.length === records.length;
    records.length = texts.length;
    const [first, last] = [records[0]?.record.offset ?? 0, records.at(-1)?.record.offset ?? 0];
    const stored: StoredCut = {
      ...{ id: `${state.site}/${state.partition}/${first}-${last}`, at: Date.now(), records: packed },
      ...{ pending: [...records.keys()], failures: 0, retry_at: 0 },
    };
    const planned = await this.#plan(state, definition, sink, { ...stored, records });
    if (moves !== this.#moves) return true;
    if (!isWhole) this.#reader = undefined;
    state.cursor = isWhole ? reader.taken : last;
    state.cut = stored;
    if (planned !== undefined) state.state = { type: definition.to.type, value: planned };
    delete state.waiting_since;
    this.#cut = { stored, records };
    // Before the first attempt, so that a crash in it is noticed.
    this.#alarm.ensure(Date.now() + CONTINUE_MS);
    this.#write(state);
    return true;
  }

  #readerOf({ site, partition, cursor }: StoredEgress, tenant: Tenant): RecordReader {
    const stream = partitionOf(this.env, tenant, partition);
    const logged = this.#loggedOf(tenant, partition);
    const source = {
      ...{ site, partition },
      readAfter: async (position: number) => stream.readAfter(site, partition, position),
      readLogged: (offset: number) => readLogged(logged, offset),
    };
    return new RecordReader(source, cursor);
  }

  #loggedOf({ site, features }: Tenant, partition: number): LoggedPartition {
    return { env: this.env, site: site.id, features, partition };
  }

  /** Moves on over records that are not for the sink. The new place is stored with the next cut, or by the alarm. */
  #passTo(state: StoredEgress, offset: number): void {
    delete state.waiting_since;
    const hasMoved = offset !== state.cursor;
    state.cursor = offset;
    if (this.#hasOutcomes) this.#write(state);
    else if (hasMoved) this.#hasMoved = true;
    if (this.#hasMoved) this.#alarm.ensure(Date.now() + CONTINUE_MS);
  }

  #stateFor({ state }: StoredEgress, { to }: SinkDefinition): unknown {
    return state?.type === to.type ? state.value : undefined;
  }

  #plan(state: StoredEgress, definition: SinkDefinition, sink: Sink, cut: Cut): Promise<unknown> {
    return inTime(async (signal) =>
      sink.plan?.(cut, this.#stateFor(state, definition), this.#contextOf(state, signal)),
    );
  }

  #contextOf({ site, partition }: StoredEgress, signal: AbortSignal): SinkContext {
    return { env: this.env, signal, site, partition };
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
    const { stored, records } = open;
    this.#alarm.ensure(Date.now() + CONTINUE_MS);
    // A connection may send before the platform has confirmed the write.
    if (sink.plan) await this.ctx.storage.sync();
    const cut: Cut = { id: stored.id, at: stored.at, records, pending: stored.pending };
    const result = await this.#attempt(state, definition, sink, cut);
    const sending = meter.send(() => metricsOf(this.env));
    if (sending) this.ctx.waitUntil(sending);
    const refused: { record: SinkRecord; reason: string }[] = [];
    const retried: number[] = [];
    for (const [place, outcome] of result.outcomes.entries()) {
      const index = stored.pending[place] as number;
      if (outcome.type === "retry") retried.push(index);
      else if (outcome.type === "refused")
        refused.push({ record: records[index] as SinkRecord, reason: outcome.reason });
    }
    const delivered = result.outcomes.length - refused.length - retried.length;
    const passed = delivered + refused.length;
    state.attempts[retried.length === 0 ? "complete" : passed > 0 ? "partial" : "failed"] += 1;
    state.uncertain += result.uncertain ?? 0;
    const now = Date.now();
    if (delivered > 0) state.delivered_at = now;
    state.delivered += delivered;
    stored.pending = retried;
    if (result.state !== undefined) state.state = { type: definition.to.type, value: result.state };
    if (retried.length === 0) {
      delete state.cut;
      this.#cut = undefined;
    } else this.#retry(state, stored, result.outcomes, passed > 0, now);
    const before = state.refused;
    state.refused += refused.length;
    // A cut that follows at once is stored in the same write.
    this.#hasOutcomes = refused.length === 0 && !state.cut && this.#reader?.hasNext === true && !this.#isPaused(state);
    if (this.#hasOutcomes) return;
    this.ctx.storage.transactionSync(() => {
      if (refused.length > 0) this.#letters().add(before, refused, now);
      this.#write(state);
    });
  }

  #retry(
    state: StoredEgress,
    cut: StoredCut,
    outcomes: readonly SinkOutcome[],
    hasProgress: boolean,
    now: number,
  ): void {
    cut.failures = hasProgress ? 1 : cut.failures + 1;
    cut.retry_at = now + retryAfter(outcomes, cut.failures, Math.random());
    const failed = outcomes.find(({ type }) => type === "retry");
    if (failed?.type !== "retry") return;
    cut.reason = failed.reason.slice(0, MAX_REASON);
    const { site, sink, partition } = state;
    console.error(`sink ${sink} of site ${site}, partition ${partition}: the attempt is repeated: ${cut.reason}`);
  }

  /** Never rejects. */
  async #attempt(state: StoredEgress, definition: SinkDefinition, sink: Sink, cut: Cut): Promise<Attempt<unknown>> {
    try {
      const result = await measureWait(
        "sink",
        () => inTime((signal) => sink.attempt(cut, this.#stateFor(state, definition), this.#contextOf(state, signal))),
        ({ outcomes }) => outcomes.some(({ type }) => type === "retry"),
      );
      if (result.outcomes.length === cut.pending.length) return result;
      throw new Error(`the sink returned ${result.outcomes.length} outcomes for ${cut.pending.length} records`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { outcomes: cut.pending.map(() => ({ type: "retry", reason })) };
    }
  }

  /** The offset of the first record that was received at a time or later; `undefined` without one. */
  async #findReceived({ site, partition }: StoredEgress, from: number): Promise<number | undefined> {
    const tenant = tenantOf(this.tenants, site);
    const source = partitionOf(this.env, tenant, partition);
    const unlogged = await source.unlogged(site, partition);
    const logged = await findReceived(this.#loggedOf(tenant, partition), from);
    if (logged !== undefined) return logged;
    const reader = this.#readerOf({ ...(this.#state as StoredEgress), cursor: endOf(unlogged.after) }, tenant);
    for (let record = await reader.next(); record; record = await reader.next()) {
      if (record.received_at >= from) return record.offset;
      reader.take();
    }
    return undefined;
  }
}

/** Reads the next records for a sink, at most those of a cut. */
const readChosen = async (
  reader: RecordReader,
  isChosen: (record: LogRecord) => boolean,
  limits: Sink["limits"],
): Promise<{ records: SinkRecord[]; texts: string[] }> => {
  const most = Math.min(limits.bytes, MAX_CUT.bytes);
  const records: SinkRecord[] = [];
  const texts: string[] = [];
  let bytes = 0;
  while (records.length < limits.records) {
    const record = await reader.next();
    if (!record) break;
    if (isChosen(record)) {
      const text = JSON.stringify(record);
      bytes += Buffer.byteLength(text);
      if (records.length > 0 && bytes > most) break;
      records.push(sinkRecordOf(record));
      texts.push(text);
    }
    reader.take();
  }
  return { records, texts };
};

/**
 * Does work within {@link ATTEMPT_MS}. No timer stays, because it would keep the object active.
 *
 * @throws Error when the work has not ended in time, although its signal was aborted.
 */
const inTime = async <T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const controller = new AbortController();
  const timers: ReturnType<typeof setTimeout>[] = [];
  const late = new Promise<never>((_, reject) => {
    timers.push(setTimeout(() => controller.abort(new Error("the time of the attempt is over")), ATTEMPT_MS.signal));
    const error = new Error(`the sink did not return within ${(ATTEMPT_MS.signal + ATTEMPT_MS.grace) / 1_000} s`);
    timers.push(setTimeout(() => reject(error), ATTEMPT_MS.signal + ATTEMPT_MS.grace));
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
};
