import { WeakMap } from "../platform.ts";

/** Longest pause of a scroller that scrolls by itself, in milliseconds. */
const MAX_PAUSE_MS = 10_000;

/**
 * Recognizes scrollers that scroll by themselves, such as tickers and logs: they have scrolled twice without an action of
 * the visitor, and pause for at most {@link MAX_PAUSE_MS}. Pure: times are arguments, in milliseconds.
 *
 * @param isExpected Whether an action of the visitor may be the cause of this scroll.
 * @returns Whether the scroller scrolls by itself.
 */
export type SelfScrolling = (scroller: object, at: number, isExpected: boolean) => boolean;

/** Creates the record of all scrollers of a page. */
export const createSelfScrolling = (): SelfScrolling => {
  const runs = new WeakMap<object, { from: number; to: number }>();
  return (scroller, at, isExpected) => {
    const run = runs.get(scroller);
    const isRunning = run && at - run.to <= MAX_PAUSE_MS;
    const isSelfScrolling = !!isRunning && run.to > run.from;
    if (isSelfScrolling || !isExpected) runs.set(scroller, { from: isRunning ? run.from : at, to: at });
    return isSelfScrolling;
  };
};
