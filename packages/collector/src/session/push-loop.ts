import { type Env, rollupOf } from "../env.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { ensureAlarmBy } from "./alarm.ts";
import { confirm, encode, nextPushes, unconfirmedDeltas } from "./pushes.ts";
import type { SessionStore } from "./store.ts";

/** Minimum time from one request to the next, in milliseconds. It lets rollups show an event within a second. */
const PUSH_EVERY_MS = 800;

/** Time from a failed request to the next attempt, in milliseconds. It doubles with each failure, up to `longest`. */
const RETRY_MS = { first: 1_000, longest: 60_000 };

/** Sends a session's pushes to shards, one request at a time. */
export class PushLoop {
  readonly #store: SessionStore;
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #tenants: Tenants;
  #running: Promise<void> | undefined;
  #pushedAt = 0;
  #failures = 0;

  constructor(store: SessionStore, storage: DurableObjectStorage, env: Env, tenants: Tenants) {
    this.#store = store;
    this.#storage = storage;
    this.#env = env;
    this.#tenants = tenants;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Sends pending pushes until all are confirmed or a shard cannot be reached. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#pushUntilDone()
      .catch((error) => console.error("a session could not send its pushes", error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #pushUntilDone(): Promise<void> {
    for (
      let stored = this.#store.load();
      stored && unconfirmedDeltas(stored.push_queue) > 0;
      stored = this.#store.load()
    ) {
      const remaining = this.#pushedAt + PUSH_EVERY_MS - Date.now();
      // The minimum limits the wait after the clock was set back.
      if (remaining > 0) await scheduler.wait(Math.min(remaining, PUSH_EVERY_MS));
      this.#pushedAt = Date.now();
      if (!(await this.#pushOnce())) return;
    }
  }

  /**
   * Sends the next pushes. Returns whether their shard confirmed them; otherwise it sets the alarm for the next
   * attempt.
   */
  async #pushOnce(): Promise<boolean> {
    // A push must be durable in this session before a shard merges it.
    await this.#store.whenWritten();
    const stored = this.#store.load();
    if (!stored) return true;
    const { site, session_id, push_queue } = stored;
    const pushes = nextPushes(push_queue);
    const [first] = pushes;
    if (!first) return true;
    const rollup = rollupOf(this.#env, tenantOf(this.#tenants, site), first.shard);
    try {
      const depth = await rollup.apply(site, session_id, encode(push_queue, pushes));
      confirm(push_queue, pushes, depth);
      this.#failures = 0;
      return true;
    } catch (error) {
      console.error("a shard could not be reached; the session tries again", error);
      const wait = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures);
      ensureAlarmBy(this.#storage, stored, Date.now() + wait);
      this.#failures += 1;
      return false;
    }
  }
}
