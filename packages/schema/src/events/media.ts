import { z } from "zod";
import { count, duration, id, percentage, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

const position = duration("Where in the medium, by its own timeline.");

/** What every statement about a medium says. Cumulative: each one states the view's totals for this medium so far. */
const media = {
  media_id: id("The medium within its page view: the same in all statements about it."),
  kind: z.enum(["video", "audio"]).describe("What is played."),
  target,
  position_ms: position,
  duration_ms: duration("The medium's length. Absent while unknown and for live streams.").optional(),
  watched_ms: duration(
    "Length of the parts played at least once in this view so far, by the medium's own timeline: overlaps count once, what was skipped does not count.",
  ),
  watched_percentage: percentage("watched_ms as a share of the medium's length. Absent without a length.").optional(),
  played_ms: duration("Time that the medium was playing in this view so far, by the clock on the wall."),
  ranges: z
    .array(z.tuple([position, position]).describe("From and to. Unit: milliseconds of the medium."))
    .max(50)
    .describe("The parts played at least once, merged and in order. At most 50, the longest."),
  plays: count("Times that playing began or went on in this view so far."),
  seeks: count("Jumps within the medium in this view so far."),
  playback_rate: z.number().min(0).max(100).describe("Speed of playing; 1 is the medium's own. Unit: ratio."),
  muted: z.boolean().describe("Whether the sound was off."),
};

/** A medium began to play, or went on. */
export const videoPlay = viewEvent("video_play", media).describe("A medium began to play, or went on.");

/** A medium stopped before its end: by hand, by script, or because it left the document or got another source. */
export const videoPause = viewEvent("video_pause", media).describe("A medium stopped before its end.");

/** What has been watched so far, while a medium plays. */
export const videoProgress = viewEvent("video_progress", media).describe("What has been watched so far.");

/** A medium was played to its end. */
export const videoComplete = viewEvent("video_complete", media).describe("A medium was played to its end.");
