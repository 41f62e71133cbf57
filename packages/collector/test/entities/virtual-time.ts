import { vi } from "vitest";

/** Start of the virtual time, in UTC milliseconds. */
export const START = 1_800_000_000_000;

/** A clock that stands still until a test advances it, for `Date` and `scheduler.wait`. */
export interface VirtualTime {
  /** Runs all waits that end within a time, in order, each with what follows from it. */
  advance(ms: number): Promise<void>;
  /** The times at which waits end, in UTC milliseconds, in order. */
  due(): number[];
}

/** Runs what follows from promises that are resolved. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await undefined;
};

/** Replaces `Date` and `scheduler.wait` until `vi.useRealTimers` and `vi.unstubAllGlobals`. */
export const useVirtualTime = (): VirtualTime => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  let waits: { at: number; end: () => void }[] = [];
  const wait = (ms: number) =>
    new Promise<void>((resolve) => waits.push({ at: Date.now() + Math.max(0, ms), end: resolve }));
  vi.stubGlobal("scheduler", { wait });
  const due = () => waits.map(({ at }) => at).sort((a, b) => a - b);
  return {
    due,
    async advance(ms) {
      await settle();
      const until = Date.now() + ms;
      for (let [next] = due(); next !== undefined && next <= until; [next] = due()) {
        vi.setSystemTime(Math.max(next, Date.now()));
        const ended = waits.filter(({ at }) => at === next);
        waits = waits.filter(({ at }) => at !== next);
        for (const { end } of ended) {
          end();
          await settle();
        }
      }
      vi.setSystemTime(until);
    },
  };
};
