import type { Credit } from "@tidemark/schema";

/** Number of pages that share the credit for an event: the latest ones. */
export const MAX_TOUCHES = 20;

/** A weight of 1 in `time_decay`. Weights are integers, so that their sum does not depend on the order of addition. */
export const WEIGHT_ONE = 1_000_000;

/**
 * The pages that a session viewed, each once with the event time of its latest view, by the order of arrival: the latest
 * one is last. At most {@link MAX_TOUCHES}; plain JSON.
 */
export type Touches = [path: string, time: number][];

/** The place of one page among those that were viewed before an event. */
export interface PageCredit {
  /** Times from the latest view of each page to the event, in milliseconds; the page viewed last is first. */
  ages_ms: readonly number[];
  /** Position of the page in `ages_ms`. */
  position: number;
}

/** Adds a view of a page, which arrived after those in the list. Returns the list, which it changes. */
export const withTouch = (touches: Touches = [], path: string, time: number): Touches => {
  const position = touches.findIndex(([known]) => known === path);
  if (position >= 0) touches.splice(position, 1);
  else if (touches.length === MAX_TOUCHES) touches.shift();
  touches.push([path, time]);
  return touches;
};

/** The pages that were viewed before an event, each with its credit. A view with a later event time is none. */
export const creditsFor = (touches: Touches, time: number): [path: string, credit: PageCredit][] => {
  const before = touches.filter(([, viewed]) => viewed <= time).reverse();
  const ages_ms = before.map(([, viewed]) => time - viewed);
  return before.map(([path], position) => [path, { ages_ms, position }]);
};

const weightOf = (age: number, halfLife: number): number =>
  Math.max(1, Math.round(WEIGHT_ONE * 0.5 ** (age / halfLife)));

/** The share of a page in an event. */
export const shareOf = (credit: Credit, { ages_ms, position }: PageCredit): number => {
  switch (credit.share) {
    case "each":
      return 1;
    case "last_touch":
      return position === 0 ? 1 : 0;
    case "linear":
      return 1 / ages_ms.length;
    case "time_decay": {
      const weights = ages_ms.map((age) => weightOf(age, credit.half_life_ms));
      return (weights[position] as number) / weights.reduce((sum, weight) => sum + weight, 0);
    }
  }
};
