import { DurableObject } from "cloudflare:workers";
import { ObjectAlarm } from "../alarm.ts";
import { type ActiveList, activeEntities } from "../entities/active-entities.ts";
import { EntityStore, MAX_ANSWER } from "../entities/entity-store.ts";
import { Journal, type JournalPlace } from "../entities/journal.ts";
import type { EntityRow } from "../entities/merge.ts";
import {
  type EntityKey,
  PUSH_VERSION,
  type Push,
  partitionSender,
  type RebuildPosition,
  type Sender,
} from "../entities/push.ts";
import { countSetAside } from "../entities/set-aside.ts";
import { SHARDS } from "../entities/shards.ts";
import { type Env, egressOf, entityShardOf, logWriterOf, metricsOf, partitionOf } from "../env.ts";
import { findTraces, type LogTraces } from "../log/traces.ts";
import { meter } from "../metrics/isolate-meter.ts";
import { countObjectError, type ObjectClass } from "../metrics/waits.ts";
import type { StreamEntry, StreamPage, StreamRange } from "../records/stream.ts";
import { expectKnown } from "../release.ts";
import { type Tenant, type Tenants, tenantOf, UnknownSiteError } from "../tenants.ts";
import { allPartitions, initialDepth, isPartition, MAX_DEPTH, partitionFor } from "./binding.ts";
import { convertEarlierStore } from "./earlier-store.ts";
import { handOver } from "./handover.ts";
import { latestLoggedPush, readLoggedSessions, storeLoggedSessions } from "./logged-sessions.ts";
import { RecordStream } from "./record-stream.ts";
import { Relay } from "./relay.ts";
import { SinkWakes, startOf } from "./sink-wakes.ts";

/** A session as a sender of pushes. */
export interface SessionSender extends Sender {
  /** Hash of the visitor's anonymous id, which decides about the partition of a new session. */
  hash: number;
}

/** A partition's response to pushes. */
export interface PushResponse {
  /** Number of times that the partition was split. */
  depth: number;
  /** Whether nothing was merged: the new session belongs to the partition of its hash at this depth. */
  isMoved?: true;
}

/** A partition's response to the read of an entity. */
export interface ReadResponse {
  /** Number of times that the partition was split. At 0 it holds the site's entities; at any other, the shards do. */
  depth: number;
  /** The state of the entity; absent if the partition has no row for it. */
  row?: EntityRow;
}

/** A partition's response to the read of many entities. */
export interface ReadAllResponse extends Pick<ReadResponse, "depth"> {
  /** The rows of the first of the entities as JSON, `null` for an entity without one. Absent if the shards hold them. */
  rows?: (string | null)[];
}

/** A partition's response to the list of active entities. */
export interface ActiveResponse extends Pick<ReadResponse, "depth"> {
  list?: ActiveList;
}

/** Version of everything that a partition stores. A change that an earlier release must not read adds one. */
const PARTITION_VERSION = 1;

/** The stored metadata of a partition. */
interface PartitionMeta {
  /** {@link PARTITION_VERSION} of the release that stored it; absent in a release without versions. */
  version?: number;
  site: string;
  partition: number;
  /** Number of times that the partition was split. */
  depth: number;
  /** Whether the shards have all rows of the partition. */
  isHandedOver: boolean;
  /** UTC milliseconds at which the partition began anew after a loss of its storage; absent without one. */
  lost_at?: number;
  /** The depth of a partition that an earlier version has stored. Other partitions may then have rows too. */
  earlier_depth?: number;
}

/** A partition in memory. */
interface OpenPartition {
  meta: PartitionMeta;
  merging: EntityStore | Relay;
  journal: Journal;
  /** The records for the log; absent for a site without one. */
  stream?: RecordStream;
  /** The calls to the site's sinks; absent for a site without one. */
  wakes?: SinkWakes;
  /** The number of the latest record of sessions that the log has; absent without a loss of the storage. */
  loggedSessions?: ReadonlyMap<string, number>;
}

// It differs from all keys of entities, which contain a colon.
const META = "partition";

/**
 * Number of positions that a partition without storage leaves out after those in the log: more than it can have used
 * without a file. It writes four entries a second.
 */
const LOST_POSITIONS = 2 ** 20;

/** Time after a loss in which sessions repeat pushes of before, in milliseconds: the longest session. */
const LOST_MS = 86_400_000;

/** Load limit of a partition: more calls of its sessions within the time split it. */
const HOT = { calls: 1_500, within_ms: 5_000 };

/** Size of an object with entities, in bytes, from which the partition is split: half of the platform's limit. */
const LARGE = 5_000_000_000;

/** Maximum time until a restarted partition continues to forward and to hand over, in milliseconds. */
const CONTINUE_MS = 60_000;

/** Maximum time until a restarted partition writes the records of a quiet site into files, in milliseconds. */
const LOG_MS = 900_000;

/** The figures of a partition: its depth, and the work that waits in it. Times are UTC milliseconds. */
export interface PartitionFigures {
  depth: number;
  /** Arrival of the first delta that a shard has not confirmed; absent without such deltas. */
  waiting_since?: number;
  /** The records that are in no file of the log; absent without a log. */
  unlogged?: { records: number; since?: number };
  /** Number of its sessions that are open; absent in a response of an earlier release. */
  open_sessions?: number;
}

/**
 * The Durable Object of a partition of a site. It merges the pushes of the sessions that are bound to it, each once.
 *
 * The first partition of a site holds the site's entities. At its first split it hands them over to the shards. From
 * then on each partition merges the deltas of its sessions by entity, and forwards them to the shards.
 */
export abstract class PartitionObject extends DurableObject<Env> {
  /** The tenants of this deployment. */
  protected abstract readonly tenants: Tenants;

  #opened: OpenPartition | undefined;
  #recent = { since: 0, calls: 0 };
  /** Traces of a new partition in the log; `undefined` before the search. */
  #traces: { found: LogTraces | undefined } | undefined;
  readonly #alarm = new ObjectAlarm(this.ctx);
  #isHandingOver = false;
  #isWritingLog = false;
  /** The time from which the log is written again after a failure, in UTC milliseconds. */
  #retryLogAt = 0;

  /**
   * Merges a session's pushes and makes them durable. It skips a push if that push or a later one was merged before.
   *
   * @param text Pushes as JSON, in the order of their numbers. A text costs less to transfer and to write than its
   * value.
   * @param records The records that are sent with the pushes, for the log. See `records/frames.ts`.
   * @throws Error while the pushes, or the stored values, are those of a later release. The session sends them again.
   */
  async apply(
    site: string,
    partition: number,
    sender: SessionSender,
    text: string,
    records?: Uint8Array,
    version?: number,
  ): Promise<PushResponse> {
    expectKnown("a push", version, PUSH_VERSION);
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const opened = this.#open(site, partition);
    const { meta, merging, stream } = opened;
    const pushes = JSON.parse(text) as Push[];
    if (records) this.#recognize(opened, sender, records);
    const belongs = partitionFor(sender.hash, meta.depth) === partition;
    if (!belongs && pushes[0]?.n === 1 && merging.latest(sender) === undefined) {
      return { depth: meta.depth, isMoved: true };
    }
    this.#ensureAlarm(opened, merging instanceof Relay, records !== undefined);
    try {
      await merging.apply(sender, text, pushes, stream && records);
      if (belongs && meta.depth < MAX_DEPTH && (this.isHot() || this.#isLarge(opened))) await this.#split(opened);
    } finally {
      // Also when too many pushes wait for the shards: these may respond again.
      this.ctx.waitUntil(this.#continue(site, partition));
    }
    return { depth: this.#open(site, partition).meta.depth };
  }

  /** After a loss of the ledger, recognizes the pushes of a session that the log has already: the session repeats them. */
  #recognize({ merging, loggedSessions }: OpenPartition, sender: SessionSender, records: Uint8Array): void {
    const latest = loggedSessions?.get(sender.id);
    if (latest === undefined || merging.latest(sender) !== undefined) return;
    const push = latestLoggedPush(records, latest);
    if (push !== undefined) merging.noteMerged(sender, push);
  }

  /** Reads the state of an entity, including pushes that are not written yet. */
  async read(site: string, partition: number, key: EntityKey): Promise<ReadResponse> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { meta, merging } = this.#open(site, partition);
    const row = merging instanceof EntityStore ? merging.read(key) : undefined;
    return { depth: meta.depth, ...(row && { row }) };
  }

  /** Reads the states of the first of some entities, as many as one call transfers. */
  async readAll(site: string, partition: number, keys: EntityKey[]): Promise<ReadAllResponse> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { meta, merging } = this.#open(site, partition);
    return { depth: meta.depth, ...(merging instanceof EntityStore && { rows: merging.readAll(keys) }) };
  }

  /**
   * The next sessions of the partition, or entities that it holds, with an event since a time, after a position. The list
   * is absent if the shards hold the entities.
   */
  async activeSince(
    site: string,
    partition: number,
    entity: string,
    since: number,
    after: string,
    limit: number,
  ): Promise<ActiveResponse> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { meta, merging } = this.#open(site, partition);
    if (entity === "session") return { depth: meta.depth, list: merging.sendersSince(since, after, limit) };
    const isHere = merging instanceof EntityStore;
    return { depth: meta.depth, ...(isHere && { list: activeEntities(merging, entity, since, after, limit) }) };
  }

  /** The partitions that hand rows over to a new shard: this one and, from an earlier version, others. */
  async sources(site: string, partition: number): Promise<number[]> {
    const tenant = tenantOf(this.tenants, site);
    const pending: number[] = [];
    await allPartitions(async (each) => {
      const { earlier_depth = 0, isHandedOver } = await (each === partition
        ? this.handover(site, each)
        : partitionOf(this.env, tenant, each).handover(site, each));
      if (!isHandedOver) pending.push(each);
      return earlier_depth;
    });
    return pending;
  }

  /** Whether the shards have all rows of the partition, and its depth in an earlier version, if that has stored it. */
  async handover(site: string, partition: number): Promise<Pick<PartitionMeta, "earlier_depth" | "isHandedOver">> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { earlier_depth, isHandedOver } = this.#open(site, partition).meta;
    return { isHandedOver, ...(earlier_depth !== undefined && { earlier_depth }) };
  }

  /**
   * Returns the stored rows of the first of some entities, as many as one call transfers; `undefined` for one that the
   * partition does not have, or no longer has.
   */
  rowsToHandOver(site: string, partition: number, keys: EntityKey[]): (string | undefined)[] {
    const { merging } = this.#open(site, partition);
    if (merging instanceof EntityStore) throw new Error(`partition ${partition} still holds its entities`);
    this.ctx.waitUntil(this.#continue(site, partition));
    const texts: (string | undefined)[] = [];
    let characters = 0;
    for (const key of keys) {
      const text = this.ctx.storage.kv.get<string>(key);
      texts.push(text);
      characters += text?.length ?? 0;
      if (characters > MAX_ANSWER) break;
    }
    return texts;
  }

  /** The number of times that the partition was split. */
  async depth(site: string, partition: number): Promise<number> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    return this.#open(site, partition).meta.depth;
  }

  /** The depth of the partition, and what waits in it. */
  async figures(site: string, partition: number): Promise<PartitionFigures> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { meta, merging, stream } = this.#open(site, partition);
    const waiting_since = merging instanceof Relay ? merging.waitingSince : undefined;
    return {
      depth: meta.depth,
      ...(waiting_since !== undefined && { waiting_since }),
      ...(stream && { unlogged: stream.unlogged }),
      open_sessions: merging.openSenders,
    };
  }

  /** The range of the stream that is in no file of the log. */
  async unlogged(site: string, partition: number): Promise<StreamRange> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { stream, journal } = this.#open(site, partition);
    return { after: stream?.logged ?? journal.position, to: journal.position };
  }

  /** Reads the next entries of a range of the stream, at most some megabytes. The last one ends the range. */
  readStream(site: string, partition: number, range: StreamRange): StreamEntry[] {
    return this.#open(site, partition).stream?.read(range) ?? [];
  }

  /**
   * The next entries of the stream after a position, at most some megabytes, and the range that the stream keeps. Without
   * entries if it no longer keeps the next one.
   */
  async readAfter(site: string, partition: number, after: number): Promise<StreamPage> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { stream, journal } = this.#open(site, partition);
    const kept = stream?.kept ?? { after: journal.position, to: journal.position };
    return { kept, entries: after < kept.after ? [] : (stream?.read({ after, to: kept.to }) ?? []) };
  }

  /** Number of the records after a position that the stream keeps. */
  async countAfter(site: string, partition: number, after: number): Promise<number> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    return this.#open(site, partition).stream?.countAfter(after) ?? 0;
  }

  /** The position after which a sink begins: that of the stream when the partition first had the sink. */
  async sinkStart(site: string, partition: number, sink: string): Promise<number> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { journal } = this.#open(site, partition);
    return startOf(this.ctx.storage.kv, sink) ?? journal.position;
  }

  /** Returns the next range to write into files; `undefined` if all records are in files. */
  beginCut(site: string, partition: number): StreamRange | undefined {
    return this.#open(site, partition).stream?.beginCut();
  }

  /** Stores that the records up to a position are in files. */
  confirmCut(site: string, partition: number, to: number): void {
    this.#open(site, partition).stream?.confirm(to);
  }

  /**
   * Begins a rebuild of the site's entities, which this partition holds: deletes all rows.
   *
   * @returns The position up to which the deltas were deleted. The partition merges all later ones.
   * @throws Error for a partition whose entities are in shards.
   */
  async beginRebuild(site: string, partition: number): Promise<RebuildPosition> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { merging } = this.#open(site, partition);
    if (merging instanceof Relay) throw new Error(`the entities of partition ${partition} are in shards`);
    const { journal } = this.#open(site, partition);
    return merging.clear(() => ({ partition, position: journal.position }));
  }

  /** Merges rebuilt states of entities, which this partition holds: see {@link PartitionObject.beginRebuild}. */
  async applyRebuilt(site: string, partition: number, sender: Sender, text: string): Promise<void> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { merging } = this.#open(site, partition);
    if (merging instanceof Relay) throw new Error(`the entities of partition ${partition} are in shards`);
    // It is no session, and not an open one.
    await merging.apply({ ...sender, is_closed: true }, text, JSON.parse(text) as Push[]);
  }

  /** The position in the journal up to which a shard has confirmed all deltas. */
  async confirmedTo(site: string, partition: number, shard: number): Promise<number> {
    if (!this.#opened) await this.#lookForTraces(site, partition);
    const { merging } = this.#open(site, partition);
    return merging instanceof Relay ? merging.confirmedTo(shard) : 0;
  }

  /**
   * Continues to forward, to hand over, and to write the log. A partition whose site was removed from the configuration
   * keeps its journal.
   */
  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#alarm.run(async () => {
      const meta = this.ctx.storage.kv.get<PartitionMeta>(META);
      if (!meta) return;
      try {
        this.#alarm.ensure(this.#open(meta.site, meta.partition).wakes?.alarmAfterAlarm(Date.now()));
        await this.#continue(meta.site, meta.partition);
        // If this object stops before, the platform runs the alarm again.
        if (this.#opened?.wakes) await this.#wake(this.#opened.wakes);
      } catch (error) {
        // A retry would fail too. The next call sets the alarm again.
        if (!(error instanceof UnknownSiteError)) throw error;
        console.error("a partition could not continue; it keeps its journal", error.message);
      }
    }, info);
  }

  #open(site: string, partition: number): OpenPartition {
    // After a failed write the stored values are read again. All sessions that waited for the write received its error.
    if (this.#opened?.merging.hasFailed) this.#opened = undefined;
    this.#opened ??= this.#read(site, partition);
    const { meta } = this.#opened;
    if (meta.site !== site || meta.partition !== partition)
      throw new RangeError(`partition ${meta.partition} of ${meta.site} was called as ${partition} of ${site}`);
    return this.#opened;
  }

  #read(site: string, partition: number): OpenPartition {
    if (!isPartition(partition)) throw new RangeError(`there is no partition ${partition}`);
    const meta = this.ctx.storage.kv.get<PartitionMeta>(META) ?? this.#create(site, partition);
    expectKnown("a partition", meta.version, PARTITION_VERSION);
    meta.version = PARTITION_VERSION;
    const journal = new Journal(this.ctx.storage);
    const merging = this.#mergingOf(meta, journal);
    const tenant = tenantOf(this.tenants, site);
    const isLogged = tenant.log !== undefined;
    const isLost = meta.lost_at !== undefined && Math.abs(Date.now() - meta.lost_at) < LOST_MS;
    const loggedSessions = isLost && { loggedSessions: readLoggedSessions(this.ctx.storage.kv) };
    return {
      meta,
      merging,
      journal,
      ...loggedSessions,
      ...(isLogged && { stream: new RecordStream(this.ctx.storage.kv, journal) }),
      ...(isLogged && tenant.sinks.length > 0 && { wakes: this.#wakesOf(tenant, partition, journal) }),
    };
  }

  #wakesOf(tenant: Tenant, partition: number, journal: Journal): SinkWakes {
    const names = tenant.sinks.map(({ name }) => name);
    const wake = async (sink: string, latest: JournalPlace) => {
      await egressOf(this.env, tenant, sink, partition)
        .wake(tenant.site.id, sink, partition, latest)
        .catch((error: unknown) => {
          this.#countObjectError("Egress");
          throw error;
        });
    };
    return new SinkWakes(this.ctx.storage.kv, names, () => journal.latest, wake);
  }

  /**
   * Looks in the log for a partition without storage. It may have lost it: a partition that began at 0 again would give
   * its records the offsets of others, and its pushes the numbers of others.
   */
  async #lookForTraces(site: string, partition: number): Promise<void> {
    if (this.#traces || this.ctx.storage.kv.get(META) !== undefined) return;
    const isLogged = tenantOf(this.tenants, site).log !== undefined && isPartition(partition);
    const bucket = isLogged ? this.env.LOG : undefined;
    this.#traces = { found: bucket && (await findTraces(bucket, site, partition, Date.now())) };
  }

  #create(site: string, partition: number): PartitionMeta {
    const { storage } = this.ctx;
    const { definitions } = tenantOf(this.tenants, site);
    if (!this.#traces) throw new Error(`partition ${partition} of ${site} has no storage`);
    const { own, largest = 0 } = this.#traces.found ?? {};
    const depth = Math.max(initialDepth(partition), initialDepth(largest));
    if (own) {
      console.error(`partition ${partition} of site ${site} has lost its storage: see docs/recovery.md`);
      storage.transactionSync(() => {
        Journal.startAfter(storage.kv, own.position + LOST_POSITIONS);
        RecordStream.startAfter(storage.kv, own.position + LOST_POSITIONS);
        storeLoggedSessions(storage.kv, own.arrivals);
      });
    }
    const created: PartitionMeta = {
      ...{ version: PARTITION_VERSION, site, partition },
      ...{ depth, isHandedOver: depth > 0 },
      ...(own && { lost_at: Date.now() }),
    };
    convertEarlierStore(storage, partition, definitions, countSetAside(this.ctx, this.env, site), (depth) => {
      Object.assign(created, { depth, isHandedOver: false, earlier_depth: depth });
      storage.kv.put(META, created);
    });
    storage.kv.put(META, created);
    return created;
  }

  #mergingOf({ site, partition, depth }: PartitionMeta, journal: Journal): EntityStore | Relay {
    const { storage } = this.ctx;
    const tenant = tenantOf(this.tenants, site);
    if (depth === 0)
      return new EntityStore(
        storage,
        tenant.definitions,
        journal,
        countSetAside(this.ctx, this.env, site),
        tenant.daysToLive,
      );
    const sender: Sender = { id: partitionSender(partition), began_at: 0 };
    return new Relay(storage, tenant.definitions, journal, (shard, text) =>
      entityShardOf(this.env, tenant, shard)
        .apply(site, sender, text, PUSH_VERSION)
        .catch((error: unknown) => {
          this.#countObjectError("EntityShard");
          throw error;
        }),
    );
  }

  /** Counts a call of another object that failed. */
  #countObjectError(object: ObjectClass): void {
    countObjectError(object);
    const sending = meter.send(() => metricsOf(this.env));
    if (sending) this.ctx.waitUntil(sending);
  }

  /** Counts a call of a session that belongs to this partition. Returns whether there are too many. */
  protected isHot(): boolean {
    const now = Date.now();
    if (Math.abs(now - this.#recent.since) > HOT.within_ms) this.#recent = { since: now, calls: 0 };
    this.#recent.calls += 1;
    if (this.#recent.calls <= HOT.calls) return false;
    this.#recent = { since: now, calls: 0 };
    return true;
  }

  /** Whether the entities need the space of the shards. */
  #isLarge({ merging }: OpenPartition): boolean {
    return merging instanceof EntityStore && this.ctx.storage.sql.databaseSize > LARGE;
  }

  /** Splits the partition: half of the new sessions belong to another one. The first split moves the entities out. */
  async #split(opened: OpenPartition): Promise<void> {
    const { meta, merging } = opened;
    if (merging instanceof EntityStore) await merging.whenWritten();
    // Another call may have split the partition meanwhile.
    if (this.#opened !== opened) return;
    const writeDepth = () => this.ctx.storage.kv.put(META, { ...meta, depth: meta.depth + 1 });
    if (merging instanceof EntityStore) {
      // The next call reads the stored values, also if this one cannot write them.
      this.#opened = undefined;
      merging.close(writeDepth);
    } else {
      writeDepth();
      meta.depth += 1;
    }
  }

  /**
   * Forwards deltas, hands over rows, deletes expired ones, and writes the log if it is due. Sets the alarm before it, for the case of a
   * restart. Rejects only if the partition cannot be read.
   */
  async #continue(site: string, partition: number): Promise<void> {
    const opened = this.#open(site, partition);
    const { meta, merging, wakes } = opened;
    // A sink that does not respond holds up nothing else.
    if (wakes) this.ctx.waitUntil(this.#wake(wakes));
    const isForwarding = merging instanceof Relay && (merging.isPending || !meta.isHandedOver);
    this.#ensureAlarm(opened, isForwarding);
    if (merging instanceof Relay) await Promise.all([merging.forward(), this.#handOver(meta), this.#writeLog(opened)]);
    else await Promise.all([merging.deleteExpired(), this.#writeLog(opened)]);
  }

  /** Calls the sinks, those that are not due or cannot be reached by the alarm. Never rejects. */
  async #wake(wakes: SinkWakes): Promise<void> {
    this.#alarm.ensure(await wakes.wake());
  }

  /** Lets the writer of the log write records into files, if they are due. Never rejects. */
  async #writeLog({ meta: { site, partition }, stream }: OpenPartition): Promise<void> {
    const now = Date.now();
    const due = stream?.dueAt(now);
    if (due === undefined || Math.max(due, this.#retryLogAt) > now || this.#isWritingLog) return;
    this.#isWritingLog = true;
    try {
      await logWriterOf(this.env, tenantOf(this.tenants, site), partition).write(site, partition);
    } catch (error) {
      this.#countObjectError("LogWriter");
      console.error("a partition could not write its log; it tries again", error);
      this.#retryLogAt = Date.now() + CONTINUE_MS;
    } finally {
      this.#isWritingLog = false;
    }
  }

  /** Hands the rows over, unless an earlier call does so or has done so. Never rejects. */
  async #handOver({ site, partition, isHandedOver }: PartitionMeta): Promise<void> {
    if (isHandedOver || this.#isHandingOver) return;
    this.#isHandingOver = true;
    const tenant = tenantOf(this.tenants, site);
    try {
      await handOver(this.ctx.storage, (shard, rows) =>
        entityShardOf(this.env, tenant, shard).take(site, partition, rows),
      );
      const shards = Array.from({ length: SHARDS }, (_, shard) => entityShardOf(this.env, tenant, shard));
      await Promise.all(shards.map((shard) => shard.finish(site, partition)));
      // The partition may have been split again meanwhile.
      const { meta } = this.#open(site, partition);
      this.ctx.storage.kv.put(META, { ...meta, isHandedOver: true });
      meta.isHandedOver = true;
    } catch (error) {
      console.error("a partition could not hand over its entities; it tries again", error);
    } finally {
      this.#isHandingOver = false;
    }
  }

  /** Ensures that the alarm fires in time for what is pending if this object stops. It is set once, at the earliest time. */
  #ensureAlarm({ merging, stream, wakes }: OpenPartition, isForwarding: boolean, hasRecords = false): void {
    const now = Date.now();
    const deletesAt = merging instanceof EntityStore ? merging.deletesAt : undefined;
    const logAt = stream?.dueAt(now) ?? (stream && hasRecords ? now + LOG_MS : undefined);
    const times = [deletesAt, logAt].flatMap((at) => (at === undefined ? [] : [Math.max(now + CONTINUE_MS, at)]));
    if (wakes && hasRecords) times.push(wakes.alarmAt(now));
    if (isForwarding) times.push(now + CONTINUE_MS);
    if (times.length > 0) this.#alarm.ensure(Math.min(...times));
  }
}
