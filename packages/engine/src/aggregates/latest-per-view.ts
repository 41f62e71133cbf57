import type { LatestPerView } from "@tidemark/schema";
import { hashOf } from "../hash.ts";
import type { AggregateKind } from "./aggregate.ts";

/** Most views that are kept apart; the one that was silent for longest is then settled into the total. */
const MAX_OPEN_VIEWS = 16;

/**
 * What each view said last: its value and its number, for a view lives in one tab, so that its numbers order its statements.
 * The lists go together, in the order in which the views were heard last; ids are kept as hashes.
 */
interface Views {
  ids: number[];
  seqs: number[];
  values: number[];
  /** Combined value of the settled views: a statement of theirs that comes later still counts as a new view's. */
  settled: number | null;
}

/** Moves what stands at a place to the end. */
const moveToEnd = (list: number[], place: number): void => {
  const moved = list[place] as number;
  for (let index = place + 1; index < list.length; index += 1) list[index - 1] = list[index] as number;
  list[list.length - 1] = moved;
};

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
      if (ids.length >= MAX_OPEN_VIEWS) {
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
    if (place === ids.length - 1) return;
    moveToEnd(ids, place);
    moveToEnd(seqs, place);
    moveToEnd(values, place);
  };

  return {
    emptyPartial: () => ({ ids: [], seqs: [], values: [], settled: null }),
    add(state, value, { view_id, seq }) {
      if (typeof value === "number" && view_id !== undefined) hear(state, hashOf(view_id), seq, value);
      return state;
    },
    mergeInto(a, b) {
      if (b.settled !== null) a.settled = include(a.settled, b.settled);
      b.ids.forEach((id, place) => {
        hear(a, id, b.seqs[place] as number, b.values[place] as number);
      });
      return a;
    },
    result: ({ values, settled }) => values.reduce<number | null>(include, settled) ?? (combine === "sum" ? 0 : null),
  };
};
