import type { LatestPerView } from "@tidemark/schema";
import { hashOf } from "../hash.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Most views that are kept apart; one that was silent for long is then settled into the total. */
const MAX_OPEN_VIEWS = 32;

/** A view heard among so many at the front of the lists moves to their end, away from being settled. */
const FRONT = MAX_OPEN_VIEWS / 2;

/**
 * What each view said last: its value and its number, for a view lives in one tab, so that its numbers order its statements.
 * The lists go together, views heard lately towards their end; ids are kept as hashes.
 */
interface Views {
  ids: number[];
  seqs: number[];
  values: number[];
  /** Combined value of the settled views: a statement of theirs that comes later still counts as a new view's. */
  settled: number | null;
}

/**
 * The latest statement of each view, the views summed (zero for none) or the largest taken (`null` for none). Exact as long
 * as no view speaks again after 16 others have begun or spoken in between.
 */
export const latestPerView = ({ combine }: Pick<LatestPerView, "combine">): AggregateKind<Views> => {
  const include = (total: number | null, value: number) =>
    total === null ? value : combine === "sum" ? total + value : Math.max(total, value);

  const hear = (state: Views, id: number, seq: number, value: number): void => {
    const { ids, seqs, values } = state;
    // Not by lastIndexOf: it is mostly the last one, and the call is dearer than the look.
    let place = ids.length - 1;
    while (place >= 0 && ids[place] !== id) place -= 1;
    if (place < 0) {
      if (ids.length === MAX_OPEN_VIEWS) {
        ids.shift();
        seqs.shift();
        state.settled = include(state.settled, values.shift() as number);
      }
      ids.push(id);
      seqs.push(seq);
      values.push(value);
      return;
    }
    if ((seqs[place] as number) <= seq) {
      seqs[place] = seq;
      values[place] = value;
    }
    if (place < FRONT && place < ids.length - FRONT) {
      ids.push(...ids.splice(place, 1));
      seqs.push(...seqs.splice(place, 1));
      values.push(...values.splice(place, 1));
    }
  };

  return {
    zero: () => ({ ids: [], seqs: [], values: [], settled: null }),
    add(state, value, { view_id, seq }) {
      if (typeof value === "number" && view_id !== undefined) hear(state, hashOf(view_id), seq, value);
      return state;
    },
    merge(a, b) {
      if (b.settled !== null) a.settled = include(a.settled, b.settled);
      b.ids.forEach((id, place) => {
        hear(a, id, b.seqs[place] as number, b.values[place] as number);
      });
      return a;
    },
    result: ({ values, settled }) => values.reduce<number | null>(include, settled) ?? (combine === "sum" ? 0 : null),
  };
};
