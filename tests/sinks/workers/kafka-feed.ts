import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../../packages/collector/src/env.ts";
import { createKafkaSink } from "../../../packages/collector/src/sinks/kafka/create-kafka-sink.ts";
import { kafkaSink } from "../../../packages/collector/src/sinks/kafka/kafka-sink.ts";
import type { KafkaState } from "../../../packages/collector/src/sinks/kafka/plan.ts";
import type { KafkaSettings } from "../../../packages/collector/src/sinks/kafka/settings.ts";
import { openWorkerSocket } from "../../../packages/collector/src/sinks/kafka/worker-socket.ts";
import type { Cut, Sink, SinkOutcome } from "../../../packages/collector/src/sinks/sink.ts";
import { eventRecord } from "../../../packages/collector/test/sinks/kafka/records.ts";

/** The memory of the object: the cut in flight, its outcomes, and the sink's state. */
interface Memory {
  /** Number of the last record of the last finished cut. */
  cursor: number;
  cut?: { at: number; to: number; outcomes: (SinkOutcome | null)[] };
  state?: KafkaState;
  uncertain: number;
  refused: string[];
  reason: string | null;
}

/** Time until another attempt, in milliseconds. */
const BACKOFF_MS = 200;

/** Time of one attempt, in milliseconds. */
const ATTEMPT_MS = 30_000;

/** Feeds a sink of Kafka with records from its storage. It commits cursor, cut and state together. */
export class Feed extends DurableObject<Env> {
  #sink: Sink<KafkaState> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS records (n INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)");
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS memory (one INTEGER PRIMARY KEY, settings TEXT, body TEXT)");
  }

  /** Sets the sink. */
  begin(settings: KafkaSettings): void {
    const memory: Memory = { cursor: 0, uncertain: 0, refused: [], reason: null };
    const values = [JSON.stringify(settings), JSON.stringify(memory)];
    this.ctx.storage.sql.exec("INSERT OR REPLACE INTO memory VALUES (1, ?, ?)", ...values);
    this.#sink = undefined;
  }

  /** Stores events, each once, and returns when they are durable. */
  async add(events: { session: string; seq: number; text?: string }[]): Promise<void> {
    for (const { session, seq, text = "" } of events) {
      const record = eventRecord(session, seq, { properties: { text } });
      const values = [record.id, JSON.stringify(record)];
      this.ctx.storage.sql.exec("INSERT OR IGNORE INTO records (id, body) VALUES (?, ?)", ...values);
    }
    await this.#wake();
    await this.ctx.storage.sync();
  }

  /** Sends cuts of records from memory. Returns the milliseconds that this took. */
  async measure({ settings, cuts, size }: { settings: KafkaSettings; cuts: number; size: number }): Promise<number> {
    const sink = createKafkaSink(settings);
    const records = Array.from({ length: size }, (_, index) => eventRecord(`session ${index % 100}`, index + 1));
    const pending = records.map((_, index) => index);
    const context = { env: this.env, signal: AbortSignal.timeout(ATTEMPT_MS), site: "shop", partition: 0 };
    const start = Date.now();
    let state: KafkaState | undefined;
    for (let number = 0; number < cuts; number++) {
      const cut: Cut = { id: `cut ${number}`, at: Date.now(), records, pending };
      state = (await sink.plan?.(cut, state, context)) ?? state;
      const attempt = await sink.attempt(cut, state, context);
      const failed = attempt.outcomes.find(({ type }) => type !== "delivered");
      if (failed) throw new Error(JSON.stringify(failed));
      state = attempt.state ?? state;
    }
    return Date.now() - start;
  }

  async #wake(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
  }

  status() {
    const { cursor, uncertain, refused, reason } = this.#memory();
    const left = this.ctx.storage.sql.exec("SELECT count(*) AS count FROM records WHERE n > ?", cursor).one().count;
    return { left, uncertain, refused, reason };
  }

  #memory(): Memory {
    return JSON.parse(this.ctx.storage.sql.exec<{ body: string }>("SELECT body FROM memory").one().body);
  }

  async #commit(memory: Memory): Promise<void> {
    this.ctx.storage.sql.exec("UPDATE memory SET body = ?", JSON.stringify(memory));
    await this.ctx.storage.sync();
  }

  override async alarm(): Promise<void> {
    const { settings } = this.ctx.storage.sql.exec<{ settings: string }>("SELECT settings FROM memory").one();
    this.#sink ??= kafkaSink(JSON.parse(settings), openWorkerSocket, { metadataAgeMs: 500 });
    for (let afterMs = 0; afterMs === 0; ) {
      const next = await this.#flush(this.#sink);
      if (next === undefined) return;
      afterMs = next;
      if (afterMs > 0) await this.ctx.storage.setAlarm(Date.now() + afterMs);
    }
  }

  /** Makes one attempt. Returns the time until the next one; `undefined` without records. */
  async #flush(sink: Sink<KafkaState>): Promise<number | undefined> {
    const memory = this.#memory();
    const { sql } = this.ctx.storage;
    const to = memory.cut?.to ?? Number.MAX_SAFE_INTEGER;
    const query = "SELECT n, body FROM records WHERE n > ? AND n <= ? ORDER BY n LIMIT ?";
    const rows = sql.exec<{ n: number; body: string }>(query, memory.cursor, to, sink.limits.records).toArray();
    if (rows.length === 0) return undefined;
    const isNew = memory.cut === undefined;
    const kept = memory.cut ?? { at: Date.now(), to: rows.at(-1)?.n ?? 0, outcomes: rows.map(() => null) };
    memory.cut = kept;
    const cut: Cut = {
      id: `shop/0/${rows[0]?.n}-${kept.to}`,
      at: kept.at,
      records: rows.map(({ body }) => JSON.parse(body)),
      pending: rows.flatMap((_, index) => ((kept.outcomes[index]?.type ?? "retry") === "retry" ? [index] : [])),
    };
    const context = { env: this.env, signal: AbortSignal.timeout(ATTEMPT_MS), site: "shop", partition: 0 };
    if (isNew) {
      const state = await sink.plan?.(cut, memory.state, context);
      if (state) memory.state = state;
      await this.#commit(memory);
    }
    const { outcomes, state, uncertain = 0 } = await sink.attempt(cut, memory.state, context);
    memory.uncertain += uncertain;
    if (state) memory.state = state;
    for (const [position, index] of cut.pending.entries()) {
      const outcome = outcomes[position] as SinkOutcome;
      kept.outcomes[index] = outcome;
      if (outcome.type === "refused") memory.refused.push(`${cut.records[index]?.id}: ${outcome.reason}`);
      if (outcome.type === "retry") memory.reason = outcome.reason;
    }
    const retries = outcomes.flatMap((outcome) => (outcome.type === "retry" ? [outcome.afterMs ?? BACKOFF_MS] : []));
    if (retries.length === 0) {
      memory.cursor = kept.to;
      delete memory.cut;
    }
    await this.#commit(memory);
    return retries.length === 0 ? 0 : Math.max(...retries);
  }
}

/** `/<object>/<method>`: calls a method of an object with the body of the request. */
export default {
  async fetch(request: Request, env: Env & { FEED: DurableObjectNamespace<Feed> }): Promise<Response> {
    const [name = "", method = ""] = new URL(request.url).pathname.slice(1).split("/");
    if (method === "") return new Response("ok");
    const feed = env.FEED.getByName(name);
    const body = request.method === "POST" ? await request.json<never>() : undefined;
    if (method === "measure") return Response.json(await feed.measure(body as never));
    if (method === "begin") await feed.begin(body as never);
    else if (method === "add") await feed.add(body as never);
    return Response.json(await feed.status());
  },
};
