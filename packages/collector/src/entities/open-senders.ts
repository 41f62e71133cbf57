import { SESSION_IDLE_MS } from "@tidemark/schema/limits";

/** The latest push of a sender: its number, and UTC milliseconds of its arrival. `1` stands for a session that has closed. */
export type Latest = [n: number, at: number, is_closed?: 1];

const minuteOf = (at: number): number => Math.floor(at / 60_000);

/**
 * The number of sessions that are open, by the minute of their latest push. It takes a few numbers of memory, and a push
 * changes two of them.
 */
export class OpenSenders {
  readonly #byMinute = new Map<number, number>();
  readonly #since: number;
  readonly #beganFrom: number;

  /**
   * @param since UTC milliseconds from which on it is given all pushes.
   * @param beganFrom UTC milliseconds. Of earlier pushes it is given those of senders that began from this time on.
   */
  constructor(since: number, beganFrom: number) {
    this.#since = since;
    this.#beganFrom = beganFrom;
  }

  /** Adds the latest push of a sender. */
  add([, at, is_closed]: Latest): void {
    if (!is_closed) this.#change(at, 1);
  }

  /** Replaces the latest push of a sender by a later one. */
  replace(began_at: number, before: Latest | undefined, latest: Latest): void {
    const isKnown = before && (began_at >= this.#beganFrom || before[1] >= this.#since);
    if (isKnown && !before[2]) this.#change(before[1], -1);
    this.add(latest);
  }

  /** Number of open sessions whose latest push came within the time of an idle session, up to a minute more. */
  count(now: number): number {
    const first = minuteOf(now - SESSION_IDLE_MS);
    let total = 0;
    for (const [minute, amount] of this.#byMinute) {
      if (minute < first) this.#byMinute.delete(minute);
      else total += amount;
    }
    return total;
  }

  #change(at: number, by: number): void {
    const amount = (this.#byMinute.get(minuteOf(at)) ?? 0) + by;
    // A minute that was removed is not in the window any more.
    if (amount >= 0) this.#byMinute.set(minuteOf(at), amount);
  }
}
