/** Number of page views that keep a value of their own. */
const MAX_VIEWS = 100;

/** Sum and maximum of the values of settled page views. */
interface Settled {
  sum: number;
  max: number;
}

/**
 * The latest value of each page view, as parallel lists, in a bounded space. The most recently updated one is last.
 *
 * Beyond {@link MAX_VIEWS} page views, the least recently updated one is settled: its value stays in `settled`, and it
 * has no value of its own any more.
 */
export interface ViewValues {
  /** Keys of the page views. */
  ids: number[];
  /** A value counts unless its rank is lower than that of the stored one. */
  ranks: number[];
  values: number[];
  /** Latest start of a new page view so far, by the client's clock, in UTC milliseconds; huge after an unknown one. */
  began: number;
  /** Absent while every page view has a value of its own. */
  settled?: Settled;
}

/** The values of no page view. */
export const noViewValues = (): ViewValues => ({ ids: [], ranks: [], values: [], began: 0 });

/** Moves the item at an index to the end of the list. */
const moveToEnd = (list: number[], position: number): void => {
  const moved = list[position] as number;
  for (let index = position + 1; index < list.length; index += 1) list[index - 1] = list[index] as number;
  list[list.length - 1] = moved;
};

/** Adds the value of a page view that may be settled. It adds only what exceeds the largest settled value. */
const addToSettled = (settled: Settled, value: number): number => {
  const growth = Math.max(0, value - settled.max);
  settled.sum += growth;
  settled.max += growth;
  return growth;
};

const settleFirst = (views: ViewValues): void => {
  views.ids.shift();
  views.ranks.shift();
  const value = views.values.shift() as number;
  views.settled ??= { sum: 0, max: value };
  views.settled.sum += value;
  views.settled.max = Math.max(views.settled.max, value);
};

const insert = (views: ViewValues, id: number, rank: number, value: number): void => {
  if (views.ids.length >= MAX_VIEWS) settleFirst(views);
  views.ids.push(id);
  views.ranks.push(rank);
  views.values.push(value);
};

/** Updates the value of a page view and returns the change; `undefined` for a page view without a value. */
const update = (views: ViewValues, id: number, rank: number, value: number): number | undefined => {
  const { ids, ranks, values } = views;
  // A loop, because the page view is mostly the last one, and a call of lastIndexOf costs more than one comparison.
  let position = ids.length - 1;
  while (position >= 0 && ids[position] !== id) position -= 1;
  if (position < 0) return undefined;
  let change = 0;
  if ((ranks[position] as number) <= rank) {
    change = value - (values[position] as number);
    ranks[position] = rank;
    values[position] = value;
  }
  if (position < ids.length - 1) {
    moveToEnd(ids, position);
    moveToEnd(ranks, position);
    moveToEnd(values, position);
  }
  return change;
};

/**
 * Adds the value of a page view.
 *
 * Once page views are settled, one without a value counts as settled too unless it began after all earlier ones: the
 * sum is never too large.
 *
 * @param start Start of the page view by the client's clock, in UTC milliseconds; `undefined` when it is unknown.
 * @returns The change of the sum of all values.
 */
export const addViewValue = (
  views: ViewValues,
  id: number,
  rank: number,
  value: number,
  start: number | undefined,
): number => {
  const change = update(views, id, rank, value);
  if (change !== undefined) return change;
  const isNew = start !== undefined && start > views.began;
  if (views.settled && !isNew) return addToSettled(views.settled, value);
  views.began = Math.max(views.began, start ?? Number.MAX_SAFE_INTEGER);
  insert(views, id, rank, value);
  return value;
};

/**
 * Merges the values of other events into `views`, and never changes `other`. While all page views have a value of their
 * own, the result is exact. Otherwise the sum is never too large: a page view with a value in one of the two may be
 * settled in the other.
 */
export const mergeViewValues = (views: ViewValues, other: ViewValues): void => {
  const earlier = views.settled;
  if (other.settled) mergeSettled(views, other, other.settled);
  const all = other.ids.map((id, place) => [id, other.ranks[place] as number, other.values[place] as number] as const);
  // First those with a value in both, because an insertion can settle one of them.
  const unknown = all.filter(([id, rank, value]) => update(views, id, rank, value) === undefined);
  for (const [id, rank, value] of unknown) {
    if (earlier && views.settled) addToSettled(views.settled, value);
    else insert(views, id, rank, value);
  }
  views.began = Math.max(views.began, other.began);
};

/** Settles the page views of `views` without a value in `other`. Some can be among the settled ones of both. */
const mergeSettled = (views: ViewValues, { ids }: ViewValues, { sum, max }: Settled): void => {
  const { settled } = views;
  const merged = settled ? { sum: Math.max(settled.sum, sum), max: Math.max(settled.max, max) } : { sum, max };
  const isKept = views.ids.map((id) => ids.includes(id));
  views.values.forEach((value, place) => {
    if (!isKept[place]) addToSettled(merged, value);
  });
  for (const name of ["ids", "ranks", "values"] as const) views[name] = views[name].filter((_, place) => isKept[place]);
  views.settled = merged;
};
