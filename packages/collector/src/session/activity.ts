import { Buffer } from "node:buffer";
import { hashOf } from "@tidemark/engine";
import type { Consent, ContextAction, ContextStep, ContextView, Event, EventOf, View } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { pageText } from "../page-text.ts";
import type { VisitorEventContext } from "../records/event-contexts.ts";

/** Largest numbers of page views and of actions in an activity. */
export const MAX_VIEWS = 32;
export const MAX_ACTIONS = 64;

/** Largest activity in the session's row, in bytes of MessagePack. */
export const MAX_ACTIVITY_BYTES = 4_096;

/** The kinds of actions. A stored action has a position in this list, so that the list only grows at its end. */
const KINDS = ["click", "hover", "form_submit", "form_abandon", "search", "video", "custom"] as const;

type Kind = (typeof KINDS)[number];

/**
 * A page view: milliseconds from the activity's time to its start, position of its page, 32-bit hash of its tab and id,
 * engaged time and depth (`null` before the first one), and numbers of hovers, fields and forms: see
 * `ContextHesitations`.
 */
type StoredView = [
  at: number,
  page: number,
  key: number,
  engaged_ms: number | null,
  depth: number | null,
  hovers: number,
  fields: number,
  forms: number,
];

/** An action, as in `ContextAction`. A video also has a 32-bit hash of its page view and id. */
type StoredAction = [
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
  pages: [path: string, title: string | null][];
  views: StoredView[];
  actions: StoredAction[];
  /** Number of earlier views and actions that were removed. */
  removed: number;
  /** Upper bound of the length of the activity in MessagePack. */
  bytes: number;
}

/** The parts of a session's state that have its activity. */
interface WithActivity {
  activity?: Activity;
  consent?: Consent | undefined;
}

/** Adds the events of one batch to the activity of its session. */
interface ActivityLog {
  /** Adds an event that counts. */
  add(event: Event, context: VisitorEventContext): void;
  /** Restores the bounds after the last event. */
  finish(): void;
}

/** Largest stored values: of hesitations, of repeated actions, and of times in milliseconds. */
const MAX = { hesitations: 255, repeats: 65_535, ms: 2 ** 32 - 1 };

/** Bytes in MessagePack of an activity without entries, and of the parts of entries at their largest: numbers grow in place. */
const BYTES = { empty: 72, view: 19, action: 5, duration: 5, video: 6 };

/** Bytes of a text in MessagePack. */
const bytesOf = (text: string | null): number => {
  const bytes = text === null ? 0 : Buffer.byteLength(text);
  return bytes + (bytes < 32 ? 1 : bytes < 256 ? 2 : 3);
};

const bytesOfTime = (at: number): number => (Math.abs(at) < 2 ** 31 ? 5 : 9);

const bytesOfPage = ([path, title]: Activity["pages"][number]): number => 1 + bytesOf(path) + bytesOf(title);

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
const restoreBounds = (activity: Activity): void => {
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
const positionFor = (list: readonly [at: number, ...unknown[]][], at: number): number => {
  let position = list.length;
  while (position > 0 && (list[position - 1]?.[0] ?? 0) > at) position -= 1;
  return position;
};

const hash32 = (text: string): number => hashOf(text) % 2 ** 32;

/** A text that the browser has not masked; `undefined` for one of masks only, and for an empty one. */
const unmasked = (text: string | undefined): string | undefined => (text && !/^[*#\s]+$/.test(text) ? text : undefined);

/** The properties of a custom event `search`, and the parameters of a URL, that can have the words of a search. */
const SEARCH_PROPERTIES = ["query", "search_term", "q"];
const SEARCH_PARAMETERS = ["q", "query", "search"];

/** The words of a custom event that declares a search; `undefined` for any other. */
const searchOf = ({ name, properties = {} }: EventOf<"custom">): string | undefined => {
  if (name !== "search") return undefined;
  const given: unknown[] = SEARCH_PROPERTIES.map((each) => Object.hasOwn(properties, each) && properties[each]);
  return given.find((words) => typeof words === "string" && words !== "") as string | undefined;
};

/** The words of a search in the URL of a page view, if the site keeps the parameter. */
const searchIn = ({ url }: View): string | undefined => {
  const parameters = url.includes("?") ? URL.parse(url)?.searchParams : undefined;
  return SEARCH_PARAMETERS.map((name) => parameters?.get(name)).find((words) => words) ?? undefined;
};

/** Causes of a page view that show the same URL once more. */
const REPEATS: readonly string[] = ["reload", "back_forward", "bfcache", "session"];

/**
 * Adds a batch's events to the activity of a session. Without consent to personalisation it adds nothing, and removes the
 * whole activity if the session's latest event has none.
 *
 * @param consent The consent of the batch.
 */
export const createActivityLog = (stored: WithActivity, consent: Consent | undefined): ActivityLog => {
  let latestId: string | undefined;
  let latestView: StoredView | undefined;

  const open = (time: number): Activity => {
    stored.activity ??= { since: Math.round(time), pages: [], views: [], actions: [], removed: 0, bytes: BYTES.empty };
    return stored.activity;
  };

  /** Inserts an entry by its time, unless it is earlier than those that were removed. */
  const insert = <E extends StoredView | StoredAction>({ removed }: Activity, list: E[], entry: E): boolean => {
    if (removed > 0 && entry[0] < (list[0]?.[0] ?? 0)) return false;
    list.splice(positionFor(list, entry[0]), 0, entry);
    return true;
  };

  const pageOf = (activity: Activity, { path = "", title }: View): number => {
    const { pages } = activity;
    const page: [string, string | null] = [pageText(path), title ? pageText(title) : null];
    const known = pages.findIndex(([path, title]) => path === page[0] && title === page[1]);
    if (known >= 0) return known;
    activity.bytes += bytesOfPage(page);
    return pages.push(page) - 1;
  };

  /** The page view of an event, which begins with its first event; `undefined` for one that was removed. */
  const viewOf = ({ time, tab_id, view, view_time_ms = 0 }: VisitorEventContext): StoredView | undefined => {
    if (!view) return undefined;
    if (view.view_id === latestId) return latestView;
    const activity = open(time - view_time_ms);
    const key = hash32(`${tab_id.length} ${tab_id}${view.view_id}`);
    latestId = view.view_id;
    latestView = activity.views.findLast((each) => each[2] === key);
    if (!latestView) {
      const at = Math.round(time - view_time_ms) - activity.since;
      const begun: StoredView = [at, 0, key, null, null, 0, 0, 0];
      if (insert(activity, activity.views, begun)) {
        begun[1] = pageOf(activity, view);
        activity.bytes += bytesOfView(begun);
        latestView = begun;
      }
    }
    return latestView;
  };

  const addAction = (activity: Activity, action: StoredAction): void => {
    if (insert(activity, activity.actions, action)) activity.bytes += bytesOfAction(action);
  };

  /** Adds an action, or counts it with an equal one that it directly follows. */
  const act = (time: number, kind: Kind, text: string | undefined, duration_ms?: number): void => {
    const activity = open(time);
    const { actions, views } = activity;
    const at = Math.round(time) - activity.since;
    const [place, name] = [KINDS.indexOf(kind), text === undefined ? null : pageText(text)];
    const before = actions[positionFor(actions, at) - 1];
    const isRepeated =
      before?.[1] === place &&
      before[2] === name &&
      (views[positionFor(views, at) - 1]?.[0] ?? Number.NEGATIVE_INFINITY) <= before[0];
    if (!isRepeated) {
      addAction(
        activity,
        duration_ms === undefined ? [at, place, name, 1] : [at, place, name, 1, Math.min(MAX.ms, duration_ms)],
      );
      return;
    }
    before[3] = Math.min(MAX.repeats, before[3] + 1);
    if (duration_ms !== undefined) before[4] = Math.min(MAX.ms, (before[4] ?? 0) + duration_ms);
  };

  const play = (event: Event & { media_id: string }, { time, tab_id }: VisitorEventContext): void => {
    if (!("watched_ms" in event)) return;
    const activity = open(time);
    const { media_id, view_id, target, watched_ms, watched_percentage = null, plays } = event;
    const key = hash32(`${tab_id.length} ${tab_id}${view_id} ${media_id}`);
    const known = activity.actions.findLast((each) => each[6] === key);
    const share = watched_percentage === null ? null : Math.floor(watched_percentage);
    if (known) {
      known[3] = Math.max(known[3], Math.min(MAX.repeats, plays));
      known[4] = Math.max(known[4] ?? 0, Math.min(MAX.ms, watched_ms));
      known[5] = share === null ? (known[5] ?? null) : Math.max(known[5] ?? 0, share);
      return;
    }
    const name = target.name ? pageText(target.name) : null;
    const at = Math.round(time) - activity.since;
    const [count, watched] = [Math.min(MAX.repeats, plays), Math.min(MAX.ms, watched_ms)];
    addAction(activity, [at, KINDS.indexOf("video"), name, count, watched, share, key]);
  };

  const hesitate = (view: StoredView | undefined, kind: 5 | 6 | 7): void => {
    if (view) view[kind] = Math.min(MAX.hesitations, view[kind] + 1);
  };

  const add: ActivityLog["add"] = (event, context) => {
    const { time } = context;
    const view = viewOf(context);
    switch (event.type) {
      case "page_view": {
        const words = context.view && !REPEATS.includes(event.cause) ? searchIn(context.view) : undefined;
        if (words !== undefined) act(time, "search", words);
        return;
      }
      case "dwell":
        if (view) view[3] = Math.max(view[3] ?? 0, Math.min(MAX.ms, event.engaged_ms));
        return;
      case "scroll":
        if (view) view[4] = Math.max(view[4] ?? 0, Math.floor(event.scroll_depth_percentage));
        return;
      case "hover":
        if (event.clicked) return;
        hesitate(view, 5);
        if (event.target.name) act(time, "hover", event.target.name, event.element_hover_duration);
        return;
      case "form_field":
        if (event.edits === 0) hesitate(view, 6);
        return;
      case "form_abandon":
        hesitate(view, 7);
        act(time, "form_abandon", event.form.name || undefined);
        return;
      case "form_submit":
        act(time, "form_submit", event.form.name || undefined);
        return;
      case "click": {
        const name = event.target.name || (unmasked(event.label) ?? unmasked(event.text));
        if (name !== undefined) act(time, "click", name);
        return;
      }
      case "custom": {
        const words = searchOf(event);
        act(time, words === undefined ? "custom" : "search", words ?? event.name);
        return;
      }
      case "video_play":
      case "video_pause":
      case "video_progress":
      case "video_complete":
        play(event, context);
        return;
    }
  };

  const isLogged = isPersonal(consent);
  return {
    add(event, context) {
      if (isLogged) add(event, context);
    },
    finish() {
      if (!isPersonal(stored.consent)) delete stored.activity;
      else if (stored.activity) restoreBounds(stored.activity);
    },
  };
};

const viewStep = (
  { since, pages }: Activity,
  [at, page, , engaged_ms, depth, hovers, fields, forms]: StoredView,
): ContextView => {
  const [path = "", title = null] = pages[page] ?? [];
  return {
    ...{ step: "view", time: since + at, path },
    ...(title !== null && { title }),
    ...(engaged_ms !== null && { engaged_ms }),
    ...(depth !== null && { depth_percentage: depth }),
    hesitations: { hovers, fields, forms },
    is_return: false,
  };
};

const actionStep = ({ since }: Activity, [at, kind, name, count, duration_ms, share]: StoredAction): ContextAction => ({
  ...{ step: KINDS[kind] ?? "custom", time: since + at },
  ...(name !== null && { name }),
  count,
  ...(duration_ms !== undefined && { duration_ms }),
  ...(typeof share === "number" && { watched_percentage: share }),
});

/** The steps of an activity in the order of their times. A page view precedes the actions of the same time. */
export const stepsOf = (activity: Activity): ContextStep[] => {
  const views = activity.views.map((view) => viewStep(activity, view));
  const paths = views.map(({ path }) => path);
  for (const [position, view] of views.entries())
    view.is_return = paths[position - 1] !== view.path && paths.indexOf(view.path) < position;
  const actions = activity.actions.map((action) => actionStep(activity, action));
  return [...views, ...actions].sort((a, b) => a.time - b.time);
};
