/**
 * A client's clock, with the estimates of its skew.
 *
 * The skew is the smallest observed `received − sent`, because transit time can only increase the difference. A better
 * estimate applies to later events only, and never moves one before an earlier event. The order within a tab therefore
 * never changes.
 */
export interface ClientClock {
  steps: Step[];
  /** Largest sequence number and largest corrected time so far. */
  high_seq: number;
  high_time: number;
  /** UTC milliseconds at which the latest batch was received, by the collector's clock. */
  received_at: number;
}

/** An estimate for the sequence numbers from `from_seq` on. `floor` is the least corrected time from there on. */
interface Step {
  from_seq: number;
  skew: number;
  floor: number;
}

/** The estimate before the first batch. */
const UNKNOWN: Step = { from_seq: 0, skew: 0, floor: 0 };

/** Minimum improvement of the estimate, in milliseconds. A smaller one is network jitter. */
const MIN_GAIN_MS = 10;

/**
 * Minimum growth of the offset, in milliseconds, that is not a delay: the client's clock was set back, or stopped
 * during sleep.
 */
const CLOCK_SET_MS = 60_000;

/** Maximum number of stored estimates. The oldest are removed first. */
const MAX_STEPS = 8;

/** A clock without observations. */
export const newClock = (): ClientClock => ({ steps: [], high_seq: -1, high_time: 0, received_at: 0 });

/** Adds an observation: the time of sending by the client's clock, and of receipt by the collector's. */
export const observeSkew = (clock: ClientClock, sentAt: number, receivedAt: number): void => {
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
 * Returns the time of an event by the collector's clock: the client's time plus the skew.
 *
 * It is never in the collector's future by more than {@link MIN_GAIN_MS}, the possible error of the skew. A stricter
 * limit would affect honest clients, and change the order of their events.
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
