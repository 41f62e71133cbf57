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
import { reactionActed, reactionDismissed, reactionShown } from "./reaction.ts";
import { scroll } from "./scroll.ts";
import { selection } from "./selection.ts";
import { webVital } from "./web-vital.ts";

/** The shapes of all event types, by wire name. */
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
  reaction_shown: reactionShown,
  reaction_dismissed: reactionDismissed,
  reaction_acted: reactionActed,
} as const;

/** Wire name of an event type. */
export type EventType = keyof typeof eventTypes;

/** The SDK's signals and tracker methods that capture an event type, such as `clicks()` or `track()`. */
export const capturedBy = (type: EventType): readonly string[] =>
  (eventTypes[type].meta()?.capturedBy ?? []) as readonly string[];

type EventShape = (typeof eventTypes)[EventType];

/** Any event of the contract. Strict: an error names an unknown field instead of dropping it. */
export const event = z.discriminatedUnion("type", Object.values(eventTypes) as [EventShape, ...EventShape[]]);

/** Any event of the contract. */
export type Event = z.infer<typeof event>;

/** An event of one type. */
export type EventOf<T extends EventType> = Extract<Event, { type: T }>;

/** The fields that a signal sets. The tracker sets the rest: `type`, `seq`, `time` and `view_id`. */
export type FieldsOf<T extends EventType> = Omit<EventOf<T>, "type" | "seq" | "time" | "view_id">;
