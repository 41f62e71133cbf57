import type { LatestPerView } from "@tidemark/schema";
import { hashOf } from "../hash.ts";
import type { AggregateKind } from "./aggregate.ts";

/**
 * Largest number of page views with a value of their own. Beyond it, the least recently updated one is evicted into a
 * total.
 */
const MAX_VIEWS = 16;

/** The latest value of each page view, as parallel lists. The most recently updated one is last. */
interface Views {
  /** Hashes of the ids. */
  ids: number[];
  /**
   * Numbers of the events with the values. All events of a page view are in one tab, so that the numbers order them.
   */
  seqs: number[];
  values: number[];
  /** Combined value of the evicted page views. A later event of one of them counts as that of a new page view. */
  evicted: number | null;
}

/** Moves the item at an index to the end of the list. */
const moveToEnd = (list: number[], position: number): void => {
  const moved = list[position] as number;
  for (let index = position + 1; index < list.length; index += 1) list[index - 1] = list[index] as number;
  list[list.length - 1] = moved;
};

/**
 * The latest value of each page view, combined by their sum (zero for no page views) or their maximum (`null` for no
 * page views). Exact unless a page view has another event after events of 16 other page views.
 */
export const latestPerView = ({ combine }: Pick<LatestPerView, "combine">): AggregateKind<Views> => {
  const include = (total: number | null, value: number) =>
    total === null ? value : combine === "sum" ? total + value : Math.max(total, value);

  const update = (partial: Views, id: number, seq: number, value: number): void => {
    const { ids, seqs, values } = partial;
    // A loop, because the page view is mostly the last one, and a call of lastIndexOf costs more than one comparison.
    let position = ids.length - 1;
    while (position >= 0 && ids[position] !== id) position -= 1;
    if (position < 0) {
      if (ids.length >= MAX_VIEWS) {
        ids.shift();
        seqs.shift();
        partial.evicted = include(partial.evicted, values.shift() as number);
      }
      ids.push(id);
      seqs.push(seq);
      values.push(value);
      return;
    }
    if ((seqs[position] as number) <= seq) {
      seqs[position] = seq;
      values[position] = value;
    }
    if (position === ids.length - 1) return;
    moveToEnd(ids, position);
    moveToEnd(seqs, position);
    moveToEnd(values, position);
  };

  return {
    emptyPartial: () => ({ ids: [], seqs: [], values: [], evicted: null }),
    add(partial, value, { view_id, seq }) {
      if (typeof value === "number" && view_id !== undefined) update(partial, hashOf(view_id), seq, value);
      return partial;
    },
    mergeInto(a, b) {
      if (b.evicted !== null) a.evicted = include(a.evicted, b.evicted);
      b.ids.forEach((id, position) => {
        update(a, id, b.seqs[position] as number, b.values[position] as number);
      });
      return a;
    },
    result: ({ values, evicted }) => values.reduce<number | null>(include, evicted) ?? (combine === "sum" ? 0 : null),
  };
};
