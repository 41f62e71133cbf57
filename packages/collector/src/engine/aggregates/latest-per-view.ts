import type { LatestPerView } from "@tidemark/schema";
import { hashOf } from "../hash.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Most views that are kept apart; the one that was silent longest is then settled into the total. */
const MAX_OPEN_VIEWS = 32;

/** What a view said last. A view lives in one tab, so its numbers order its statements. */
type Statement = [view: number, seq: number, value: number];

interface Views {
  /** Combined value of the settled views: a statement of theirs that comes later still counts as a new view's. */
  settled: number | null;
  /** Views that may speak again, by the hash of their id, the most recently heard last. */
  open: Statement[];
}

/**
 * The latest statement of each view, the views summed (zero for none) or the largest taken (`null` for none). Exact as long
 * as no view speaks again after 32 others did in between.
 */
export const latestPerView = ({ combine }: Pick<LatestPerView, "combine">): AggregateKind<Views> => {
  const include = (total: number | null, value: number) =>
    total === null ? value : combine === "sum" ? total + value : Math.max(total, value);

  const hear = ({ open }: Views, view: number, seq: number, value: number): Statement | undefined => {
    let place = open.length - 1;
    while (place >= 0 && open[place]?.[0] !== view) place -= 1;
    const known = open[place];
    if (!known) {
      open.push([view, seq, value]);
      return open.length > MAX_OPEN_VIEWS ? open.shift() : undefined;
    }
    if (known[1] <= seq) {
      known[1] = seq;
      known[2] = value;
    }
    if (place < open.length - 1) {
      open.splice(place, 1);
      open.push(known);
    }
    return undefined;
  };

  const take = (state: Views, view: number, seq: number, value: number): void => {
    const silent = hear(state, view, seq, value);
    if (silent) state.settled = include(state.settled, silent[2]);
  };

  return {
    zero: () => ({ settled: null, open: [] }),
    add(state, value, { view_id, seq }) {
      if (typeof value === "number" && view_id !== undefined) take(state, hashOf(view_id), seq, value);
      return state;
    },
    merge(a, b) {
      const both: Views = {
        settled: b.settled === null ? a.settled : include(a.settled, b.settled),
        open: a.open.map((statement) => [...statement]),
      };
      for (const [view, seq, value] of b.open) take(both, view, seq, value);
      return both;
    },
    result: ({ settled, open }) =>
      open.reduce<number | null>((total, [, , value]) => include(total, value), settled) ??
      (combine === "sum" ? 0 : null),
  };
};
