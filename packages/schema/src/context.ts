import type { FeatureValue, ServedSet } from "./responses.ts";

/** Moments of a page view at which the visitor began something and did not finish it. */
export interface ContextHesitations {
  /** Stays of the pointer on an element that ended without a click. */
  hovers: number;
  /** Stays in a field of a form that ended without an edit. */
  fields: number;
  /** Forms that were started and not submitted. */
  forms: number;
}

/** A page view in a context. */
export interface ContextView {
  step: "view";
  /** Start of the page view, in UTC milliseconds. */
  time: number;
  path: string;
  /** Absent when the page has no title. */
  title?: string;
  /** Engaged time so far, in milliseconds; absent while nothing has measured it. */
  engaged_ms?: number;
  /** Scroll depth so far, in whole percent; absent while nothing has measured it. */
  depth_percentage?: number;
  hesitations: ContextHesitations;
  /** Whether the visitor viewed the same path before, and another one since. */
  is_return: boolean;
}

/**
 * An action in a context:
 *
 * - `click` on a named element;
 * - `hover` on a named element, without a click;
 * - `form_submit` and `form_abandon` of a form;
 * - `search`, which the site declares by an event or in the URL;
 * - `video` or audio that was played;
 * - `custom` event of the site.
 */
export interface ContextAction {
  step: "click" | "hover" | "form_submit" | "form_abandon" | "search" | "video" | "custom";
  /** Time of the first of `count`, in UTC milliseconds. */
  time: number;
  /** Name of the element or event, or the words of a search. Absent for a form or video without a name. */
  name?: string;
  /** Number of equal actions that directly followed each other; of a video, the times that playing started. */
  count: number;
  /** Of a hover: the time on the element. Of a video: the length of the parts that were played. In milliseconds. */
  duration_ms?: number;
  /** Of a video: `duration_ms` as a share of its length, in whole percent. Absent without a length. */
  watched_percentage?: number;
}

/** A page view or an action. */
export type ContextStep = ContextView | ContextAction;

/**
 * The response of `GET /v1/context/{entity}/{id}` in JSON. A text of a page or a visitor is at most 200 characters long
 * as a JSON string, without control, bidi, invisible and line separator characters.
 */
export interface ContextResponse {
  entity: "session" | "user";
  id: string;
  /** Time of this response, in UTC milliseconds. */
  time: number;
  /** Corrected time of the latest event, in UTC milliseconds. */
  event_time: number;
  /** Of a session: its closing time in UTC milliseconds; `null` while it is open. */
  closed_at?: number | null;
  /** The page views and actions in the order of their times, the latest last. Empty for a user. */
  steps: ContextStep[];
  /** Of a session: how often it reached each goal that it reached, in the order of the configuration. */
  goals?: { name: string; count: number }[];
  /** The feature set that the request names. */
  set?: ServedSet;
  /** The features of the set. Without a set: all features of a user, and none of a session. */
  features: Record<string, FeatureValue>;
  /** Numbers of earlier steps, and of goals and features, that are not in the response. */
  left_out: { steps: number; features: number };
}
