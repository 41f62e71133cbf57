import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { groupBy } from "../../../src/sinks/kafka/group-by.ts";
import { alarmOf, egress, partition, send, sessionObject, sessionOf } from "../../egress/feed.ts";
import { BIGQUERY, SNOWPIPE } from "../../workers/worker.ts";
import { createBigQueryTarget } from "../contract/bigquery.ts";
import { createFakeClickhouse } from "../contract/clickhouse.ts";
import type { HttpFake } from "../contract/http-target.ts";
import { createProxyTarget } from "../contract/kafka-rest.ts";
import { createKinesisTarget } from "../contract/kinesis.ts";
import { createFakePostgres } from "../contract/postgres.ts";
import { createStorageTarget } from "../contract/s3.ts";
import { createSnowpipeTarget } from "../contract/snowpipe.ts";
import { createFakeReceiver } from "../contract/webhook.ts";
import { keyPairOf } from "../signed-claims.ts";
import { STORM_URLS, stormPostgres } from "./storm-sinks.ts";

const SITE = "storm";

/** The step of the clock, the time from one batch to the next, and the shortest time of each failure, in milliseconds. */
const STEP_MS = 500;
const BATCH_MS = 4_000;
const FAILURE_MS = 25_000;

/** Longest time in which each sink sends, in milliseconds: more than the longest backoff. */
const RECOVERY_MS = 600_000;

/**
 * The failures of an outage in their order. First connections are refused. Then the target accepts requests and never answers,
 * although it processes every second one. At last it answers that it is not available.
 */
const FAILURES = ["refused", "silent", "unavailable"] as const;
type Failure = (typeof FAILURES)[number];

const { CLOUD_PRIVATE_KEY = "", HOOK_SECRET_NEW = "" } = env as unknown as Record<string, string>;

const ended = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** All targets. The tests' names of the sinks are those of the targets. */
class Targets {
  failure: Failure | undefined;
  /** Numbers of requests by target, since the latest change of the failure. */
  readonly requests = new Map<string, number>();
  readonly wrong: unknown[] = [];
  readonly #postgres = createFakePostgres();
  readonly #fakes: ReadonlyMap<string, HttpFake>;
  readonly #urls: ReadonlyMap<string, string>;

  static async start(): Promise<Targets> {
    const key = await keyPairOf(CLOUD_PRIVATE_KEY);
    const [snowpipe, bigquery] = [createSnowpipeTarget(key), createBigQueryTarget(key)];
    snowpipe.fake.url = SNOWPIPE.url;
    bigquery.fake.url = BIGQUERY.url;
    const fakes = {
      ...{ webhook: createFakeReceiver(HOOK_SECRET_NEW), kinesis: createKinesisTarget(), s3: createStorageTarget() },
      ...{ clickhouse: createFakeClickhouse(), proxy: createProxyTarget("confluent_v3"), snowpipe, bigquery },
    };
    return new Targets(fakes);
  }

  private constructor(fakes: Record<string, HttpFake>) {
    this.#fakes = new Map(Object.entries(fakes));
    const urls = { ...STORM_URLS, snowpipe: SNOWPIPE.url, bigquery: BIGQUERY.url };
    this.#urls = new Map(Object.entries(urls).map(([name, url]) => [url, name]));
    vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
      const request = new Request(input as Request, init as RequestInit);
      return this.#answer(this.#urls.get(new URL(request.url).origin) ?? "", request);
    });
    stormPostgres.connect = async (address, signal) => {
      const processes = this.#count("postgres");
      if (this.failure === "refused") throw new Error("connect ECONNREFUSED");
      const isUnanswered = this.failure === "silent" && processes;
      this.#postgres.fail(isUnanswered ? undefined : this.failure);
      if (!isUnanswered) return this.#postgres.connect(address, signal);
      const connection = await this.#postgres.connect(address, signal);
      return {
        ...connection,
        async execute(...given) {
          await connection.execute(...given);
          return ended(signal);
        },
      };
    };
  }

  get names(): string[] {
    return [...this.#fakes.keys(), "postgres"];
  }

  stored(name: string): string[] {
    return this.#fakes.get(name)?.stored() ?? [...this.#postgres.rows.values()].map(({ record }) => record.id);
  }

  begin(failure: Failure | undefined): void {
    this.failure = failure;
    this.requests.clear();
    if (!failure) this.#postgres.fail(undefined);
  }

  /** Counts a request. Returns whether a silent target processes it. */
  #count(name: string): boolean {
    const count = (this.requests.get(name) ?? 0) + 1;
    this.requests.set(name, count);
    return count % 2 === 1;
  }

  async #answer(name: string, request: Request): Promise<Response> {
    const fake = this.#fakes.get(name);
    if (!fake) throw new Error(`a request to ${request.url}`);
    const processes = this.#count(name);
    if (this.failure === "refused") throw new TypeError("Network connection lost.");
    if (this.failure === "unavailable") return fake.unavailable();
    const { failure } = this;
    const response = failure === "silent" && !processes ? undefined : await fake.respond(request).catch(this.#keep);
    if (failure === "silent" || !response) return ended(request.signal);
    return response;
  }

  #keep = (error: unknown): undefined => {
    this.wrong.push(error);
  };
}

/** Timers that wait for the moved clock, each in the object that has set it. */
const stubTimers = (): void => {
  const ended = new WeakSet<object>();
  const wait = async (timer: object, done: () => void, ms: number) => {
    for (const due = Date.now() + ms; Date.now() < due && !ended.has(timer); ) await scheduler.wait(1);
    if (!ended.has(timer)) done();
  };
  vi.stubGlobal("setTimeout", (done: () => void, ms = 0): object => {
    const timer = {};
    void wait(timer, done, ms);
    return timer;
  });
  vi.stubGlobal("clearTimeout", (timer: object) => void ended.add(timer));
};

let targets: Targets;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  stubTimers();
  vi.spyOn(console, "error").mockReturnValue();
  vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException("the time is over", "TimeoutError")), ms);
    return controller.signal;
  });
  targets = await Targets.start();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("an outage of a minute, in which records arrive", () => {
  it("loses nothing, and stores nothing twice that the target can recognise", async () => {
    const sessions = [sessionOf(SITE), sessionOf(SITE), sessionOf(SITE)];
    const accepted: string[] = [];
    const objects = [
      ...targets.names.map((name) => egress(SITE, name)),
      ...[partition(SITE), ...sessions.map((session) => sessionObject(SITE, session))],
    ];
    const running = new Set<object>();
    /** Moves the clock, and runs the alarms that are due. An attempt without an answer holds up its own object only. */
    const step = async () => {
      vi.setSystemTime(Date.now() + STEP_MS);
      for (const object of objects.filter((each) => !running.has(each))) {
        const at = await alarmOf(object);
        if (at === null || at > Date.now()) continue;
        running.add(object);
        void runDurableObjectAlarm(object).finally(() => running.delete(object));
      }
      await scheduler.wait(1);
    };
    let sends = 0;
    const stepUntil = async (isEnough: () => boolean | Promise<boolean>, atMost: number) => {
      for (const end = Date.now() + atMost; !(await isEnough()); ) {
        if (Date.now() > end) throw new Error(`not enough in time: ${JSON.stringify([...targets.requests])}`);
        await step();
      }
    };
    const sendNext = async () => {
      const seq = Math.floor(sends / sessions.length) * 2;
      accepted.push(...(await send(SITE, sessions[sends % sessions.length] as string, [seq, seq + 1])));
      sends += 1;
    };
    const areAllSent = async () => {
      for (const name of targets.names)
        if ((await egress(SITE, name).status(SITE, name, 0)).lag_records > 0) return false;
      return true;
    };

    await sendNext();
    await stepUntil(async () => (await areAllSent()) && targets.requests.size === 8, RECOVERY_MS);
    for (const failure of FAILURES) {
      targets.begin(failure);
      const begin = Date.now();
      let next = begin;
      await stepUntil(async () => {
        if (Date.now() >= next) {
          await sendNext();
          next += BATCH_MS;
        }
        return Date.now() - begin >= FAILURE_MS && targets.requests.size === 8;
      }, RECOVERY_MS);
    }
    for (const name of targets.names)
      expect(await egress(SITE, name).status(SITE, name, 0)).toMatchObject({ delivered: 2, refused: 0 });
    targets.begin(undefined);
    await stepUntil(areAllSent, RECOVERY_MS);
    expect(targets.wrong).toEqual([]);

    const bySession = (ids: readonly string[]) => groupBy(ids, (id) => id.split("/")[0]);
    for (const name of targets.names) {
      const stored = targets.stored(name);
      const { delivered, refused, uncertain } = await egress(SITE, name).status(SITE, name, 0);
      expect([name, delivered, refused]).toEqual([name, accepted.length, 0]);
      expect([name, new Set(stored)]).toEqual([name, new Set(accepted)]);
      const doubles = stored.length - accepted.length;
      if (name === "kinesis" || name === "proxy") expect(doubles).toBeGreaterThan(0);
      // BigQuery remembers ids for a minute.
      else if (name === "bigquery") expect(uncertain).toBeGreaterThanOrEqual(doubles);
      else expect([name, bySession(stored)]).toEqual([name, bySession(accepted)]);
    }
  });
});
