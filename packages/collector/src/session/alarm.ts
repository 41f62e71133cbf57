import type { DueList } from "./due.ts";

/**
 * The alarm of a session's object, which fires when the first duty is due, or earlier. The object reads its time at the
 * start. The time is not part of the state, so that an alarm which only sets itself again does not write the row.
 */
export class SessionAlarm {
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

  /**
   * Ensures that the alarm fires when the first duty is due, or earlier. An alarm that already does is not set again,
   * because setting one costs as much as writing a row.
   */
  ensure(due: DueList): void {
    const earliest = due[0]?.[1];
    if (earliest === undefined || (this.#at !== null && this.#at > Date.now() && this.#at <= earliest)) return;
    this.#at = earliest;
    this.#storage.setAlarm(earliest);
  }
}
