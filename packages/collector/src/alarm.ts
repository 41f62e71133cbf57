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

  /** Notes that the alarm has fired. */
  noteFired(): void {
    this.#at = null;
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
}
