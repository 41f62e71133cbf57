/**
 * A client's clock as the collector sees it. The skew is the smallest `received − sent` seen: what a batch spent on its
 * way can only add to it. A better estimate holds for later events only, and never lets one precede an earlier one, so the
 * order within a tab is never changed.
 */
export interface ClientClock {
  steps: Step[];
  /** Largest number and largest corrected time so far. */
  high_seq: number;
  high_time: number;
  /** When the latest batch was received. */
  received_at: number;
}

/** An estimate, for the numbers from `from_seq` on. `floor`: no corrected time from there on is smaller. */
interface Step {
  from_seq: number;
  skew: number;
  floor: number;
}

/** The estimate before the first batch. */
const UNKNOWN: Step = { from_seq: 0, skew: 0, floor: 0 };

/** A gain smaller than this is network jitter and not worth a step, in milliseconds. */
const MIN_GAIN_MS = 10;

/** An offset that grows by more than this is no delay: the client's clock was set back, or stood still during sleep. */
const CLOCK_SET_MS = 60_000;

/** Most estimates kept; the oldest go first. */
const MAX_STEPS = 8;

/** A clock of which nothing is known yet. */
export const newClock = (): ClientClock => ({ steps: [], high_seq: -1, high_time: 0, received_at: 0 });

/** Takes in when a batch was sent, by the client, and received, by the collector. */
export const observe = (clock: ClientClock, sentAt: number, receivedAt: number): void => {
  clock.received_at = Math.max(clock.received_at, receivedAt);
  const offset = receivedAt - sentAt;
  const current = clock.steps.at(-1);
  if (!current) {
    clock.steps.push({ from_seq: 0, skew: offset, floor: 0 });
  } else if (offset < current.skew - MIN_GAIN_MS || offset > current.skew + CLOCK_SET_MS) {
    clock.steps.push({ from_seq: clock.high_seq + 1, skew: offset, floor: clock.high_time });
    if (clock.steps.length > MAX_STEPS) clock.steps.shift();
  }
};

/**
 * The collector's time of an event: the client's, less the skew. Never in the collector's future, but for the jitter by which
 * the skew may be off: a bound that a client with honest times can reach would move some of its events before others.
 */
export const correct = (clock: ClientClock, seq: number, time: number): number => {
  const { steps } = clock;
  let place = steps.length - 1;
  while (place > 0 && (steps[place] as Step).from_seq > seq) place -= 1;
  const { skew, floor } = steps[place] ?? UNKNOWN;
  const corrected = Math.max(floor, Math.min(clock.received_at + MIN_GAIN_MS, time + skew));
  if (seq > clock.high_seq) clock.high_seq = seq;
  if (corrected > clock.high_time) clock.high_time = corrected;
  return corrected;
};
