import type { BatchResponse, SessionVectorResponse } from "@tidemark/schema";
import { type Env, egressOf, partitionOf, sessionOf } from "../../env.ts";
import type { Tenant } from "../../tenants.ts";
import { withinTime } from "../../within-time.ts";
import { type CanarySession, createCanarySession } from "./session.ts";
import { type CanaryStep, canarySteps } from "./steps.ts";

/** Distance of the sessions, in milliseconds. */
const EVERY_MS = 60_000;

/** Time between two looks at the sessions in flight, in milliseconds. */
const LOOK_MS = 10_000;

/** Age of the earliest session in flight from which they are looked at with each new session only, in milliseconds. */
const SLOW_AFTER_MS = 120_000;

/** Longest time of a call, in milliseconds. */
const WITHIN_MS = 5_000;

/** Largest number of calls in flight: those that have exceeded {@link WITHIN_MS} may go on. */
const MAX_CALLS = 5;

/** Largest numbers of sessions that wait for a step. Of those for the log the latest stay, of those for sinks the earliest. */
const MAX_WAITING = { log: 5, sink: 60 };

/** A session that has to reach a step. Times are UTC milliseconds. */
interface Waiting {
  session: string;
  began_at: number;
}

/** A session that the log has, with an upper bound of its place in the stream of its partition. */
interface Logged extends Waiting {
  partition: number;
  position: number;
}

/** The stored state of a canary. Times are UTC milliseconds. */
interface StoredCanary {
  site: string;
  /** Time of the first round. */
  since: number;
  played_at?: number;
  looked_at?: number;
  /** The begin of the latest session that has reached a step. */
  reached: Partial<Record<CanaryStep, number>>;
  unlogged: Waiting[];
  unsent: Logged[];
}

const STATE = "canary";

/** The parts of a deployment that a canary needs. */
export interface CanarySettings {
  env: Env;
  tenant: Tenant;
  /** Answers a request as the deployment's Worker does. */
  request(request: Request): Promise<Response>;
}

/**
 * The canary of a deployment: a scripted session a minute, sent to the collector as a page of the site sends it, and followed
 * from step to step. Its state is in the storage of a Durable Object.
 *
 * | step | is reached when |
 * | --- | --- |
 * | `vector` | the read of the session's vector shows all its events |
 * | `log` | the partition has confirmed all its records, from which the files of the log are written |
 * | `sink` | each sink of the site that is not paused has delivered or passed them |
 *
 * A step that does not work holds up neither a later session nor another step. The number of sessions and calls in flight is
 * bounded.
 */
export class Canary {
  readonly #storage: DurableObjectStorage;
  readonly #settings: CanarySettings;
  #calls = 0;

  constructor(storage: DurableObjectStorage, settings: CanarySettings) {
    this.#storage = storage;
    this.#settings = settings;
  }

  /** Id of the site that it visits. */
  get site(): string {
    return this.#settings.tenant.site.id;
  }

  /** The time of the next round, in UTC milliseconds. */
  nextAt(now: number): number {
    const { played_at = 0, looked_at = 0, unlogged, unsent } = this.#read(now);
    const play = played_at + EVERY_MS;
    const earliest = Math.min(...[...unlogged, ...unsent].map(({ began_at }) => began_at));
    const look = now - earliest < SLOW_AFTER_MS ? looked_at + LOOK_MS : Number.POSITIVE_INFINITY;
    // A later time was stored before the clock was set back.
    return played_at > now ? now : Math.min(play, look);
  }

  /** The ages of the latest sessions that have reached each step, in seconds. Before the first: of the canary itself. */
  ages(now: number): Partial<Record<CanaryStep, number>> {
    const { since, reached } = this.#read(now);
    const steps = canarySteps.filter((step) => this.#hasStep(step));
    return Object.fromEntries(steps.map((step) => [step, Math.max(0, now - (reached[step] ?? since)) / 1_000]));
  }

  /** Begins a session if it is time, and looks how far those in flight have come. Ends within a few calls' time. */
  async round(): Promise<void> {
    const now = Date.now();
    const state = this.#read(now);
    state.looked_at = now;
    const { played_at = 0 } = state;
    if (now >= played_at + EVERY_MS || played_at > now) {
      state.played_at = now;
      // A session that a stop of this object interrupts is not begun again.
      this.#write(state);
      await this.#play(state, now);
    }
    await this.#lookAtLog(state);
    await this.#lookAtSinks(state);
    this.#write(state);
  }

  #hasStep(step: CanaryStep): boolean {
    const { log, sinks } = this.#settings.tenant;
    return step === "vector" || (log !== undefined && (step === "log" || sinks.length > 0));
  }

  #read(now: number): StoredCanary {
    const { id: site } = this.#settings.tenant.site;
    const stored = this.#storage.kv.get<StoredCanary>(STATE);
    if (stored?.site === site) return notAfter(now, stored);
    const created: StoredCanary = { site, since: now, reached: {}, unlogged: [], unsent: [] };
    this.#write(created);
    return created;
  }

  #write(state: StoredCanary): void {
    this.#storage.kv.put(STATE, state);
  }

  /** Makes a call, unless too many are in flight. @returns `undefined` if it has failed, or not ended in time. */
  async #call<T>(subject: string, call: () => Promise<T>): Promise<T | undefined> {
    if (this.#calls >= MAX_CALLS) return undefined;
    this.#calls += 1;
    const calling = call()
      .catch((error: unknown) => {
        console.error(`the canary: ${subject} failed`, error);
        return undefined;
      })
      .finally(() => {
        this.#calls -= 1;
      });
    return withinTime(calling, WITHIN_MS);
  }

  async #play(state: StoredCanary, now: number): Promise<void> {
    const session = createCanarySession(this.#settings.tenant.site, now);
    const isAccepted = await this.#call("the batch", () => this.#send(session));
    if (!isAccepted) return;
    if (this.#hasStep("log")) {
      state.unlogged.push({ session: session.id, began_at: now });
      state.unlogged = state.unlogged.slice(-MAX_WAITING.log);
    }
    if (await this.#call("the read of the vector", () => this.#isServed(session))) state.reached.vector = now;
  }

  async #post(path: string, origin: string, body: object): Promise<Response> {
    const request = new Request(`https://canary.invalid${path}`, {
      ...{ method: "POST", headers: { origin, "content-type": "application/json" }, body: JSON.stringify(body) },
    });
    const response = await this.#settings.request(request);
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    return response;
  }

  async #send({ origin, batch }: CanarySession): Promise<boolean> {
    const { accepted } = await (await this.#post("/v1/events", origin, batch)).json<BatchResponse>();
    return accepted === batch.events.length;
  }

  async #isServed({ id, origin, batch }: CanarySession): Promise<boolean> {
    const { key, session_secret } = batch;
    const response = await this.#post(`/v1/features/session/${id}`, origin, { key, session_secret });
    const { delivery } = await response.json<SessionVectorResponse>();
    return delivery.received === batch.events.length;
  }

  /** Finds the sessions whose partition has all their records. */
  async #lookAtLog(state: StoredCanary): Promise<void> {
    const { env, tenant } = this.#settings;
    const { id: site } = tenant.site;
    const found = await Promise.all(
      state.unlogged.map((each) =>
        this.#call("the look at the log", async (): Promise<Logged | undefined> => {
          const records = await sessionOf(env, tenant, each.session).records();
          if (records === undefined || records === "unavailable" || records.unsent.length > 0) return undefined;
          const { partition } = records;
          const { to } = await partitionOf(env, tenant, partition).unlogged(site, partition);
          return { ...each, partition, position: to };
        }),
      ),
    );
    const logged = found.filter((each) => each !== undefined);
    if (logged.length === 0) return;
    const names = new Set(logged.map(({ session }) => session));
    state.unlogged = state.unlogged.filter(({ session }) => !names.has(session));
    note(state, "log", logged);
    if (this.#hasStep("sink")) state.unsent = [...state.unsent, ...logged].slice(0, MAX_WAITING.sink);
  }

  /** Finds the sessions whose records each sink has delivered or passed. */
  async #lookAtSinks(state: StoredCanary): Promise<void> {
    const { env, tenant } = this.#settings;
    const { id: site } = tenant.site;
    for (const partition of new Set(state.unsent.map((each) => each.partition))) {
      const passed = await this.#call("the look at the sinks", () =>
        Promise.all(
          tenant.sinks.map(async ({ name }) => egressOf(env, tenant, name, partition).passedTo(site, name, partition)),
        ),
      );
      const position = passed ? Math.min(...passed) : Number.NEGATIVE_INFINITY;
      const isPassed = (each: Logged) => each.partition === partition && each.position <= position;
      note(state, "sink", state.unsent.filter(isPassed));
      state.unsent = state.unsent.filter((each) => !isPassed(each));
    }
  }
}

/** A state without times after now, which are those of a clock that was set back: they would seem to be fresh for long. */
const notAfter = (now: number, state: StoredCanary): StoredCanary => {
  const begunBefore = <T extends Waiting>(each: T): T => ({ ...each, began_at: Math.min(each.began_at, now) });
  const reached = Object.entries(state.reached).map(([step, at]) => [step, Math.min(at, now)]);
  return {
    ...{ ...state, since: Math.min(state.since, now), reached: Object.fromEntries(reached) },
    ...{ unlogged: state.unlogged.map(begunBefore), unsent: state.unsent.map(begunBefore) },
  };
};

/** Notes that sessions have reached a step. */
const note = ({ reached }: StoredCanary, step: CanaryStep, sessions: readonly Waiting[]): void => {
  const latest = Math.max(...[reached[step] ?? 0, ...sessions.map(({ began_at }) => began_at)]);
  if (latest > 0) reached[step] = latest;
};
