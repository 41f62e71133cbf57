import type { Tab } from "../browsers/browser.ts";

/** A note of the page's own activity log, in milliseconds of `performance.now()`; see `pages/clock.js`. */
interface Note {
  at: number;
  what: "visible" | "hidden" | "focused" | "blurred" | "input";
}

/** A stretch of time, from and to. */
type Stretch = [from: number, to: number];

const length = (stretches: Stretch[]): number => stretches.reduce((sum, [from, to]) => sum + (to - from), 0);

const overlap = (some: Stretch[], others: Stretch[]): Stretch[] =>
  some.flatMap(([from, to]) =>
    others
      .map(([begin, end]): Stretch => [Math.max(from, begin), Math.min(to, end)])
      .filter(([begin, end]) => begin < end),
  );

/** The stretches in which the last of two opposite notes was the first of them. */
const stretchesOf = (notes: Note[], on: Note["what"], off: Note["what"], until: number): Stretch[] => {
  const changes = notes.filter(({ what }) => what === on || what === off);
  return changes.flatMap(({ at, what }, index) =>
    what === on ? [[at, changes[index + 1]?.at ?? until] satisfies Stretch] : [],
  );
};

/** The union of what each input reaches. */
const reachOf = (starts: number[], idleAfter: number): Stretch[] =>
  starts
    .toSorted((a, b) => a - b)
    .reduce<Stretch[]>((union, at) => {
      const last = union.at(-1);
      if (last && at <= last[1]) last[1] = at + idleAfter;
      else union.push([at, at + idleAfter]);
      return union;
    }, []);

/** What a view should have counted between two moments of `performance.now()`, by the page's activity log alone. */
export const expectedEngagement = async (tab: Tab, from: number, to: number, idleAfter: number) => {
  const notes = await tab.run<Note[]>("return activityLog");
  const visible = overlap(stretchesOf(notes, "visible", "hidden", to), [[from, to]]);
  const focused = overlap(visible, stretchesOf(notes, "focused", "blurred", to));
  // To be shown and to get the focus count as activity, as an input does.
  const acts = notes.filter(({ what }) => ["visible", "focused", "input"].includes(what)).map(({ at }) => at);
  const active = reachOf([from, ...acts.filter((at) => at >= from)], idleAfter);
  return {
    visible_ms: length(visible),
    focused_ms: length(focused),
    active_ms: length(overlap(visible, active)),
    engaged_ms: length(overlap(focused, active)),
    /** How often the visitor was active for a while. */
    spells: active.length,
  };
};
