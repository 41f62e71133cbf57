import { Buffer } from "node:buffer";

/** Largest numbers of page views and of actions in an activity. */
export const MAX_VIEWS = 32;
export const MAX_ACTIONS = 64;

/** Largest activity in the session's row, in bytes of MessagePack. */
export const MAX_ACTIVITY_BYTES = 4_096;

/** The kinds of actions. A stored action has a position in this list, so that the list only grows at its end. */
export const ACTION_KINDS = ["click", "hover", "form_submit", "form_abandon", "search", "video", "custom"] as const;

export type ActionKind = (typeof ACTION_KINDS)[number];

/**
 * A page view: milliseconds from the activity's time to its start, position of its page, and 32-bit hash of its tab and id.
 * Engaged time and depth follow, `null` before the first one, and the numbers in `ContextHesitations`.
 */
export type StoredView = [
  at: number,
  page: number,
  key: number,
  engaged_ms: number | null,
  depth: number | null,
  hovers: number,
  fields: number,
  forms: number,
];

type StoredPage = [path: string, title: string | null];

/** An action, as in `ContextAction`. A video also has a 32-bit hash of its page view and id. */
export type StoredAction = [
  at: number,
  kind: number,
  name: string | null,
  count: number,
  duration_ms?: number,
  share?: number | null,
  key?: number,
];

/**
 * The latest page views and actions of a session, each list in the order of time: what a context reports. It is a part of
 * the session's row, in tuples, because the names of fields would be most of its bytes.
 */
export interface Activity {
  /** UTC milliseconds from which the times of views and actions count: the time of the first one. */
  since: number;
  /** The pages of the views, each once. */
  pages: StoredPage[];
  views: StoredView[];
  actions: StoredAction[];
  /** Number of earlier views and actions that were removed. */
  removed: number;
  /** Upper bound of the length of the activity in MessagePack. */
  bytes: number;
}

/** Largest stored values: of hesitations, of repeated actions, and of times in milliseconds. */
export const MAX_VALUES = { hesitations: 255, repeats: 65_535, ms: 2 ** 32 - 1 };

/** Bytes in MessagePack of an activity without entries, and of the parts of entries at their largest: numbers grow in place. */
const BYTES = { empty: 72, view: 19, action: 5, duration: 5, video: 6 };

/** Bytes of a text in MessagePack. */
const bytesOf = (text: string | null): number => {
  const bytes = text === null ? 0 : Buffer.byteLength(text);
  return bytes + (bytes < 32 ? 1 : bytes < 256 ? 2 : 3);
};

const bytesOfTime = (at: number): number => (Math.abs(at) < 2 ** 31 ? 5 : 9);

const bytesOfPage = ([path, title]: StoredPage): number => 1 + bytesOf(path) + bytesOf(title);

const bytesOfView = ([at]: StoredView): number => BYTES.view + bytesOfTime(at);

const bytesOfAction = ([at, , name, , duration_ms, , key]: StoredAction): number =>
  BYTES.action +
  bytesOfTime(at) +
  bytesOf(name) +
  (duration_ms === undefined ? 0 : BYTES.duration) +
  (key === undefined ? 0 : BYTES.video);

/** Removes the first view of an activity, and its page if no other view has it. */
const removeView = (activity: Activity): void => {
  const { pages, views } = activity;
  const removed = views.shift();
  if (!removed) return;
  activity.bytes -= bytesOfView(removed);
  const position = removed[1];
  if (views.some(([, page]) => page === position)) return;
  const [page] = pages.splice(position, 1);
  if (page) activity.bytes -= bytesOfPage(page);
  for (const view of views) if (view[1] > position) view[1] -= 1;
};

const removeAction = (activity: Activity): void => {
  const removed = activity.actions.shift();
  if (removed) activity.bytes -= bytesOfAction(removed);
};

const startOf = (list: readonly [at: number, ...unknown[]][]): number => list[0]?.[0] ?? Number.POSITIVE_INFINITY;

/** Removes the earliest views and actions until the activity has its bounds. */
export const restoreBounds = (activity: Activity): void => {
  const { views, actions } = activity;
  const count = views.length + actions.length;
  while (views.length > MAX_VIEWS) removeView(activity);
  while (actions.length > MAX_ACTIONS) removeAction(activity);
  while (activity.bytes > MAX_ACTIVITY_BYTES)
    if (startOf(views) <= startOf(actions)) removeView(activity);
    else removeAction(activity);
  activity.removed += count - views.length - actions.length;
};

/** Position in a list for an entry of a time: after those of the same time. */
export const positionFor = (list: readonly [at: number, ...unknown[]][], at: number): number => {
  let position = list.length;
  while (position > 0 && (list[position - 1]?.[0] ?? 0) > at) position -= 1;
  return position;
};

/** An activity without entries, in which times count from a time in UTC milliseconds. */
export const emptyActivity = (time: number): Activity => ({
  ...{ since: Math.round(time), pages: [], views: [], actions: [], removed: 0, bytes: BYTES.empty },
});

/** Inserts an entry by its time, unless it is earlier than those that were removed. */
const insert = <E extends StoredView | StoredAction>({ removed }: Activity, list: E[], entry: E): boolean => {
  if (removed > 0 && entry[0] < (list[0]?.[0] ?? 0)) return false;
  list.splice(positionFor(list, entry[0]), 0, entry);
  return true;
};

/** Position of a page in the list of pages, to which it is added if it is new. */
const placeOf = (activity: Activity, page: StoredPage): number => {
  const { pages } = activity;
  const known = pages.findIndex(([path, title]) => path === page[0] && title === page[1]);
  if (known >= 0) return known;
  activity.bytes += bytesOfPage(page);
  return pages.push(page) - 1;
};

/** Adds a page view that begins, unless it is earlier than those that were removed: then it returns `undefined`. */
export const addView = (activity: Activity, at: number, key: number, page: StoredPage): StoredView | undefined => {
  const view: StoredView = [at, 0, key, null, null, 0, 0, 0];
  if (!insert(activity, activity.views, view)) return undefined;
  view[1] = placeOf(activity, page);
  activity.bytes += bytesOfView(view);
  return view;
};

/** Adds an action, unless it is earlier than those that were removed. */
export const addAction = (activity: Activity, action: StoredAction): void => {
  if (insert(activity, activity.actions, action)) activity.bytes += bytesOfAction(action);
};
