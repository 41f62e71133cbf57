import type { ObjectAlarm } from "../alarm.ts";
import { PUSH_VERSION } from "../entities/push.ts";
import { type Env, partitionOf } from "../env.ts";
import { countObjectError, measureWait } from "../metrics/waits.ts";
import { traceNote, tracePush } from "../otlp/batch-trace.ts";
import { learnDepth, partitionFor } from "../partition/binding.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { earliestDue, setDue } from "./due.ts";
import { isPending } from "./pending.ts";
import { confirm, encode, nextPushes } from "./pushes.ts";
import type { SessionStore } from "./store.ts";
import { confirmUnsent, unsentUpTo } from "./unsent.ts";

/** Minimum time from one request to the next, in milliseconds. It lets the entities show an event within a second. */
const PUSH_EVERY_MS = 800;

/** Time from a failed request to the next attempt, in milliseconds. It doubles with each failure, up to `longest`. */
const RETRY_MS = { first: 1_000, longest: 60_000 };

/** Most trace contexts that a session keeps for its next push. Those of further batches get no span of it. */
const MAX_TRACES = 16;

/** Duration of the latest request to a partition, by site, in milliseconds. The sessions of an isolate share it. */
const latestTook = new Map<string, number>();

/** Sends a session's pushes to its partition, one request at a time. */
export class PushLoop {
  readonly #store: SessionStore;
  readonly #alarm: ObjectAlarm;
  readonly #env: Env;
  readonly #tenants: Tenants;
  readonly #flushSpans: () => void;
  /** The trace contexts of the batches whose deltas are not confirmed, while this object lives. */
  #traces: readonly string[] = [];
  #running: Promise<void> | undefined;
  #pushedAt = 0;
  #failures = 0;

  /** @param flushSpans Pushes the spans that this isolate has added. */
  constructor(store: SessionStore, alarm: ObjectAlarm, env: Env, tenants: Tenants, flushSpans: () => void) {
    this.#store = store;
    this.#alarm = alarm;
    this.#env = env;
    this.#tenants = tenants;
    this.#flushSpans = flushSpans;
  }

  /** Notes the trace context of a stored batch: the next push has its deltas. */
  trace(traceparent: string): void {
    if (this.#traces.length < MAX_TRACES) this.#traces = [...this.#traces, traceparent];
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Whether the latest push of any session of the site was confirmed within a time, in milliseconds; `true` before it. */
  isConfirmedWithin(ms: number, site: string): boolean {
    return (latestTook.get(site) ?? 0) <= ms;
  }

  /** Sends pending pushes until all are confirmed or the partition cannot be reached. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#pushUntilDone()
      .catch((error) => console.error("a session could not send its pushes", error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #pushUntilDone(): Promise<void> {
    for (let stored = this.#store.load(); stored && isPending(stored); stored = this.#store.load()) {
      const remaining = this.#pushedAt + PUSH_EVERY_MS - Date.now();
      // The minimum limits the wait after the clock was set back.
      if (remaining > 0) await scheduler.wait(Math.min(remaining, PUSH_EVERY_MS));
      this.#pushedAt = Date.now();
      if (!(await this.#pushOnce())) return;
    }
  }

  /**
   * Sends the next pushes. Returns whether the partition confirmed them or moved the session; otherwise it sets the alarm
   * for the next attempt.
   */
  async #pushOnce(): Promise<boolean> {
    // A push must be durable in this session before the partition merges it.
    await this.#store.whenWritten();
    const stored = this.#store.load();
    if (!stored) return true;
    const { site, session_id, visitor_hash, began_at, push_queue, unsent, closed } = stored;
    const pushes = nextPushes(push_queue);
    if (pushes.length === 0) return true;
    const { partition } = push_queue;
    const latest = pushes.at(-1)?.n ?? 0;
    const sender = { id: session_id, hash: visitor_hash, began_at, ...(closed && { is_closed: true as const }) };
    const traces = this.#traces;
    const from = Date.now();
    const endTraces = (isError: boolean) => {
      if (traces.length === 0) return;
      tracePush(traces, site, from, isError);
      this.#flushSpans();
    };
    try {
      const receiver = partitionOf(this.#env, tenantOf(this.#tenants, site), partition);
      const [text, records] = [encode(push_queue, pushes), unsentUpTo(unsent, latest)];
      const { depth, isMoved } = await measureWait("push", () =>
        receiver.apply(site, partition, sender, text, records, PUSH_VERSION),
      );
      latestTook.set(site, Date.now() - this.#pushedAt);
      learnDepth(site, depth);
      if (isMoved) {
        push_queue.partition = partitionFor(visitor_hash, depth);
        // A session that restarts must send a push that may have been merged to the same partition.
        this.#store.write(stored);
        this.#pushedAt = 0;
      } else {
        confirm(push_queue, pushes);
        confirmUnsent(unsent, latest);
        // Those that were noted meanwhile are of the next push, if there is one.
        this.#traces = isPending(stored) ? this.#traces.slice(traces.length) : [];
      }
      endTraces(false);
      this.#failures = 0;
      return true;
    } catch (error) {
      endTraces(true);
      console.error(
        `a partition could not be reached; the session tries again${traces.map(traceNote).join("")}`,
        error,
      );
      countObjectError("Partition");
      const wait = Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** this.#failures);
      setDue(stored, "push", Date.now() + wait);
      this.#alarm.ensure(earliestDue(stored));
      this.#failures += 1;
      return false;
    }
  }
}
