/**
 * Time without any change after which all work counts as waiting, in milliseconds: before a jump over at most
 * {@link NEAR_MS}, and before any other. Work that waits for the disk would count as active for the time of the jump.
 */
const QUIET_MS = { near: 1, far: 4 };
const NEAR_MS = 250;

/** Time in which all that is due runs together, in milliseconds. */
const TICK_MS = 50;

/** A run that is due at a time: the end of a wait, or an alarm. */
interface Timer {
  at: number;
  run(): void;
}

const realNow = Date.now;
const realWait = scheduler.wait.bind(scheduler);

/** Longest time that the runtime lets an object wait for the clock, in milliseconds. */
const LONGEST_MS = 3_600_000;

let aheadMs = 0;
const timers = new Set<Timer>();
let running = 0;
let changes = 0;

/** Notes that something happened, so that the clock waits for its effects. */
export const noteChange = (): void => {
  changes += 1;
};

/** Notes work that begins. Returns a function to call when it ends. */
export const beginWork = (): (() => void) => {
  noteChange();
  running += 1;
  return () => {
    noteChange();
    running -= 1;
  };
};

/** Runs a function when the clock reaches a time. Returns a function that cancels it. */
export const runAt = (at: number, run: () => void): (() => void) => {
  noteChange();
  const timer = { at, run };
  timers.add(timer);
  return () => timers.delete(timer);
};

/** Replaces the clock of the Worker: its time, and its waits. */
export const replaceClock = (): void => {
  Date.now = () => realNow() + aheadMs;
  Object.getPrototypeOf(scheduler).wait = (ms: number) =>
    new Promise<void>((resolve) => {
      // The runtime ends a request that waits for nothing that it knows.
      const known = new AbortController();
      realWait(LONGEST_MS, { signal: known.signal }).catch(() => {});
      runAt(Date.now() + ms, () => {
        resolve();
        known.abort();
      });
    });
};

const firstDue = (until: number): Timer | undefined => {
  let first: Timer | undefined;
  for (const timer of timers) if (timer.at <= until && !(first && first.at <= timer.at)) first = timer;
  return first;
};

const runDue = (): void => {
  for (let due = firstDue(Date.now()); due; due = firstDue(Date.now())) {
    timers.delete(due);
    due.run();
  }
};

/** Waits until all work is done, or waits for the clock itself. */
const untilQuiet = async (forMs: number): Promise<void> => {
  for (let quietMs = 0; running > 0 && quietMs < forMs; ) {
    const before = changes;
    await realWait(1);
    runDue();
    quietMs = changes === before ? quietMs + 1 : 0;
  }
};

const jumpTo = (at: number): void => {
  aheadMs += Math.max(0, at - Date.now());
};

/** Returns the first timer that is due until a time, when all work waits. */
const nextTimer = async (until: number): Promise<Timer | undefined> => {
  await untilQuiet(QUIET_MS.near);
  const next = firstDue(until);
  if ((next?.at ?? until) - Date.now() <= NEAR_MS) return next;
  await untilQuiet(QUIET_MS.far);
  return firstDue(until);
};

/**
 * Moves the clock to a time. It passes as usual while anything works, and jumps when all work waits: to the end of the
 * next wait, or to the next alarm.
 */
export const advanceTo = async (at: number): Promise<void> => {
  for (let next = await nextTimer(at); next; next = await nextTimer(at)) {
    jumpTo(Math.ceil(next.at / TICK_MS) * TICK_MS);
    runDue();
  }
  jumpTo(at);
};
