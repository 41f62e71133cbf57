import type { AggregateKind } from "./aggregate.ts";

/** Most views that are kept apart; the one that was silent longest is then settled into the total. */
const MAX_OPEN_VIEWS = 32;

/** What a view said last. A view lives in one tab, so its numbers order its statements. */
type Statement = [viewId: string, seq: number, value: number];

interface Views {
  /** Combined value of the settled views: a statement of theirs that comes later still counts as a new view's. */
  settled: number | null;
  /** Views that may speak again, the most recently heard last. */
  open: Statement[];
}

const latestPerView = (combine: (a: number, b: number) => number, ofNone: number | null): AggregateKind<Views> => {
  const include = (total: number | null, value: number) => (total === null ? value : combine(total, value));

  const hear = (state: Views, statement: Statement): void => {
    const { open } = state;
    const known = open.findLastIndex(([view]) => view === statement[0]);
    const [earlier] = known < 0 ? [] : open.splice(known, 1);
    open.push(earlier && earlier[1] > statement[1] ? earlier : statement);
    if (open.length <= MAX_OPEN_VIEWS) return;
    const [silent] = open.splice(0, 1);
    if (silent) state.settled = include(state.settled, silent[2]);
  };

  return {
    zero: () => ({ settled: null, open: [] }),
    add: (state, value, { view_id, seq }) => {
      if (typeof value === "number" && view_id !== undefined) hear(state, [view_id, seq, value]);
      return state;
    },
    merge: (a, b) => {
      const settled = b.settled === null ? a.settled : include(a.settled, b.settled);
      const both: Views = { settled, open: [...a.open] };
      for (const statement of b.open) hear(both, statement);
      return both;
    },
    result: ({ settled, open }) =>
      open.reduce<number | null>((total, [, , value]) => include(total, value), settled) ?? ofNone,
  };
};

/** Sum over the views of each one's latest statement. Zero for none. */
export const latestPerViewSum = latestPerView((a, b) => a + b, 0);

/** Largest among the views' latest statements. `null` for none. */
export const latestPerViewMax = latestPerView(Math.max, null);
