import type { Tab } from "../browsers/browser.ts";

/** An entry of the page's activity log, in milliseconds of `performance.now()`; see `pages/clock.js`. */
interface Entry {
  at: number;
  kind: "visible" | "hidden" | "focused" | "blurred" | "input";
}

/** An interval of time. */
type Interval = [from: number, to: number];

const length = (intervals: Interval[]): number => intervals.reduce((sum, [from, to]) => sum + (to - from), 0);

const overlap = (some: Interval[], others: Interval[]): Interval[] =>
  some.flatMap(([from, to]) =>
    others
      .map(([begin, end]): Interval => [Math.max(from, begin), Math.min(to, end)])
      .filter(([begin, end]) => begin < end),
  );

/** The intervals that start with an entry of kind `on` and end with the next one of kind `off`. */
const intervalsOf = (entries: Entry[], on: Entry["kind"], off: Entry["kind"], until: number): Interval[] => {
  const changes = entries.filter(({ kind }) => kind === on || kind === off);
  return changes.flatMap(({ at, kind }, index) =>
    kind === on ? [[at, changes[index + 1]?.at ?? until] satisfies Interval] : [],
  );
};

/** The union of the intervals of `idleAfter` milliseconds that begin with each input. */
const activeIntervals = (starts: number[], idleAfter: number): Interval[] =>
  starts
    .toSorted((a, b) => a - b)
    .reduce<Interval[]>((union, at) => {
      const last = union.at(-1);
      if (last && at <= last[1]) last[1] = at + idleAfter;
      else union.push([at, at + idleAfter]);
      return union;
    }, []);

/** The totals that a page view should have between two times of `performance.now()`, by the page's activity log. */
export const expectedEngagement = async (tab: Tab, from: number, to: number, idleAfter: number) => {
  const entries = await tab.run<Entry[]>("return activityLog");
  const visible = overlap(intervalsOf(entries, "visible", "hidden", to), [[from, to]]);
  const focused = overlap(visible, intervalsOf(entries, "focused", "blurred", to));
  // Being shown and getting the focus count as activity, like an input.
  const activity = entries.filter(({ kind }) => ["visible", "focused", "input"].includes(kind)).map(({ at }) => at);
  const active = activeIntervals([from, ...activity.filter((at) => at >= from)], idleAfter);
  return {
    visible_ms: length(visible),
    focused_ms: length(focused),
    active_ms: length(overlap(visible, active)),
    engaged_ms: length(overlap(focused, active)),
    /** Number of intervals in which the visitor was active. */
    activeCount: active.length,
  };
};
