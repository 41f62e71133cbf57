import { hashOf } from "@tidemark/engine";
import type { Consent, Event, View } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { pageText } from "../page-text.ts";
import type { VisitorEventContext } from "../records/event-contexts.ts";
import {
  ACTION_KINDS,
  type ActionKind,
  type Activity,
  addAction,
  addView,
  emptyActivity,
  MAX_VALUES,
  positionFor,
  restoreBounds,
  type StoredView,
} from "./activity.ts";
import { searchIn, searchOf } from "./declared-search.ts";

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

const hash32 = (text: string): number => hashOf(text) % 2 ** 32;

/** A text that the browser has not masked; `undefined` for one of masks only, and for an empty one. */
const unmasked = (text: string | undefined): string | undefined => (text && !/^[*#\s]+$/.test(text) ? text : undefined);

/** The page of a view, as it is stored. */
const pageOf = ({ path = "", title }: View): [path: string, title: string | null] => [
  pageText(path),
  title ? pageText(title) : null,
];

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
    stored.activity ??= emptyActivity(time);
    return stored.activity;
  };

  /** The page view of an event, which begins with its first event; `undefined` for one that was removed. */
  const viewOf = ({ time, tab_id, view, view_time_ms = 0 }: VisitorEventContext): StoredView | undefined => {
    if (!view) return undefined;
    if (view.view_id === latestId) return latestView;
    const activity = open(time - view_time_ms);
    const key = hash32(`${tab_id.length} ${tab_id}${view.view_id}`);
    latestId = view.view_id;
    latestView =
      activity.views.findLast((each) => each[2] === key) ??
      addView(activity, Math.round(time - view_time_ms) - activity.since, key, pageOf(view));
    return latestView;
  };

  /** Adds an action, or counts it with an equal one that it directly follows. */
  const act = (time: number, kind: ActionKind, text: string | undefined, duration_ms?: number): void => {
    const activity = open(time);
    const { actions, views } = activity;
    const at = Math.round(time) - activity.since;
    const [place, name] = [ACTION_KINDS.indexOf(kind), text === undefined ? null : pageText(text)];
    const before = actions[positionFor(actions, at) - 1];
    const isRepeated =
      before?.[1] === place &&
      before[2] === name &&
      (views[positionFor(views, at) - 1]?.[0] ?? Number.NEGATIVE_INFINITY) <= before[0];
    if (!isRepeated) {
      addAction(
        activity,
        duration_ms === undefined ? [at, place, name, 1] : [at, place, name, 1, Math.min(MAX_VALUES.ms, duration_ms)],
      );
      return;
    }
    before[3] = Math.min(MAX_VALUES.repeats, before[3] + 1);
    if (duration_ms !== undefined) before[4] = Math.min(MAX_VALUES.ms, (before[4] ?? 0) + duration_ms);
  };

  const play = (event: Event & { media_id: string }, { time, tab_id }: VisitorEventContext): void => {
    if (!("watched_ms" in event)) return;
    const activity = open(time);
    const { media_id, view_id, target, watched_ms, watched_percentage = null, plays } = event;
    const key = hash32(`${tab_id.length} ${tab_id}${view_id} ${media_id}`);
    const known = activity.actions.findLast((each) => each[6] === key);
    const share = watched_percentage === null ? null : Math.floor(watched_percentage);
    if (known) {
      known[3] = Math.max(known[3], Math.min(MAX_VALUES.repeats, plays));
      known[4] = Math.max(known[4] ?? 0, Math.min(MAX_VALUES.ms, watched_ms));
      known[5] = share === null ? (known[5] ?? null) : Math.max(known[5] ?? 0, share);
      return;
    }
    const name = target.name ? pageText(target.name) : null;
    const at = Math.round(time) - activity.since;
    const [count, watched] = [Math.min(MAX_VALUES.repeats, plays), Math.min(MAX_VALUES.ms, watched_ms)];
    addAction(activity, [at, ACTION_KINDS.indexOf("video"), name, count, watched, share, key]);
  };

  const hesitate = (view: StoredView | undefined, kind: 5 | 6 | 7): void => {
    if (view) view[kind] = Math.min(MAX_VALUES.hesitations, view[kind] + 1);
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
        if (view) view[3] = Math.max(view[3] ?? 0, Math.min(MAX_VALUES.ms, event.engaged_ms));
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
