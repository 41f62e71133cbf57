import { z } from "zod";
import { click } from "./click.ts";
import { custom } from "./custom.ts";
import { dwell } from "./dwell.ts";
import { elementDwell } from "./element-dwell.ts";
import { error } from "./error.ts";
import { formAbandon, formField, formStart, formSubmit } from "./form.ts";
import { hover } from "./hover.ts";
import { identify } from "./identify.ts";
import { videoComplete, videoPause, videoPlay, videoProgress } from "./media.ts";
import { pageView } from "./page-view.ts";
import { scroll } from "./scroll.ts";
import { selection } from "./selection.ts";
import { webVital } from "./web-vital.ts";

/** Every event type of the contract, by its wire name. */
export const eventTypes = {
  page_view: pageView,
  click,
  hover,
  scroll,
  dwell,
  element_dwell: elementDwell,
  video_play: videoPlay,
  video_pause: videoPause,
  video_progress: videoProgress,
  video_complete: videoComplete,
  form_start: formStart,
  form_field: formField,
  form_submit: formSubmit,
  form_abandon: formAbandon,
  selection,
  error,
  web_vital: webVital,
  custom,
  identify,
} as const;

/** An event's wire name. */
export type EventType = keyof typeof eventTypes;

type EventShape = (typeof eventTypes)[EventType];

/** Any event of the contract: strict, so that an unknown field is named rather than lost. */
export const event = z.discriminatedUnion("type", Object.values(eventTypes) as [EventShape, ...EventShape[]]);

/** Any event of the contract. */
export type Event = z.infer<typeof event>;

/** The event of one type. */
export type EventOf<T extends EventType> = Extract<Event, { type: T }>;

/** The fields that a source of events states itself; the rest (`seq`, `time`, `view_id`) is stamped by the tracker. */
export type FieldsOf<T extends EventType> = Omit<EventOf<T>, "type" | "seq" | "time" | "view_id">;
