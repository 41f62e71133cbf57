import { LaterReleaseError } from "./release.ts";

/** Number of the platform's retry from which an alarm that fails is set again: after retry 6 the platform drops it. */
const LAST_RETRY = 5;

/** Time until an alarm that failed fires again, in milliseconds. By then the rollout or the repair may have ended. */
const AGAIN_MS = 3_600_000;

/**
 * The alarm of an object, which reads its time at the start. The time is not part of a stored state, so that an alarm
 * which only sets itself again writes nothing else.
 */
export class ObjectAlarm {
  readonly #storage: DurableObjectStorage;
  #at: number | null = null;

  constructor(context: DurableObjectState) {
    this.#storage = context.storage;
    void context.blockConcurrencyWhile(async () => {
      this.#at = await this.#storage.getAlarm();
    });
  }

  /**
   * Does the work of an alarm that has fired. The platform retries an alarm that throws six times in two minutes, and then
   * drops it. So after the last retry, and for a stored value of a later release, it fires again in an hour instead.
   *
   * @param info Given by the platform.
   * @throws Error of the work while the platform has retries left.
   */
  async run(work: () => Promise<void>, info?: AlarmInvocationInfo): Promise<void> {
    this.#at = null;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof LaterReleaseError) && (info?.retryCount ?? 0) < LAST_RETRY) throw error;
      console.error("an alarm failed; it fires again in an hour", error);
      this.ensure(Date.now() + AGAIN_MS);
    }
  }

  /** Whether the alarm fires within a time from now, in milliseconds. */
  isWithin(ms: number): boolean {
    return this.#at !== null && this.#at > Date.now() && this.#at <= Date.now() + ms;
  }

  /**
   * Ensures that the alarm fires at a time, or earlier. An alarm that already does is not set again, because setting one
   * costs as much as writing a row.
   *
   * @param at UTC milliseconds; `undefined` for never.
   */
  ensure(at: number | undefined): void {
    if (at === undefined || (this.#at !== null && this.#at > Date.now() && this.#at <= at)) return;
    this.#at = at;
    this.#storage.setAlarm(at);
  }
  /** Deletes the alarm, if there is one: a deletion costs as much as writing a row. */
  async cancel(): Promise<void> {
    if (this.#at === null) return;
    this.#at = null;
    await this.#storage.deleteAlarm();
  }
}
