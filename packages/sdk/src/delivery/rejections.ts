import { Error, Set } from "../platform.ts";
import { warnOnce } from "../warn-once.ts";

/** The collector's rejections of events and batches, for the console and for `flush()`. */
export interface Rejections {
  /** Adds a rejection. The first of each kind, such as "an event", is a warning in the console. */
  add(kind: string, text: string): void;
  /** The texts of the rejections that no error has reported yet, at most {@link MAX_TEXTS}. */
  unreported(): ReadonlySet<string>;
  /** @throws Error with the texts, unless there are none. They are then reported. */
  report(texts: ReadonlySet<string>): void;
}

/** Most texts in one error. */
const MAX_TEXTS = 20;

/** Creates an empty list of rejections. */
export const createRejections = (): Rejections => {
  let unreported = new Set<string>();
  return {
    add(kind, text) {
      if (unreported.size < MAX_TEXTS) unreported.add(text);
      warnOnce(`the collector rejected ${kind}:`, text);
    },
    unreported: () => unreported,
    report(texts) {
      if (!texts.size) return;
      // Two calls that wait at the same time report the same rejections.
      if (texts === unreported) unreported = new Set();
      throw new Error(`The collector rejected ${[...texts].join("; ")}`);
    },
  };
};
