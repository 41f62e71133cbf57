import { z } from "zod";
import { count, id, mediaTime, percentage, target } from "../fields.ts";
import { viewEvent } from "./event.ts";

const position = mediaTime("Position in the timeline of the video or audio.");

/** The fields of every media event. Cumulative: each event has the page view's totals for the video or audio so far. */
const media = {
  media_id: id("Identifier of the video or audio within its page view. All events about it have this id."),
  kind: z.enum(["video", "audio"]).describe("Whether a video or an audio is played."),
  target,
  position_ms: position,
  duration_ms: mediaTime("Length of the video or audio. Absent while unknown and for live streams.").optional(),
  watched_ms: mediaTime(
    "Total length of the parts played at least once in this page view so far. Overlaps count once, skipped parts do not count.",
  ),
  watched_percentage: percentage(
    "watched_ms as a share of the length of the video or audio. Absent without a length.",
  ).optional(),
  played_ms: mediaTime(
    "Playing time in this page view so far, as a clock shows it: length played, divided by its speed.",
  ),
  ranges: z
    .array(z.tuple([position, position]).describe("Start and end of a part. Unit: milliseconds of the timeline."))
    .max(50)
    .describe("The parts played at least once, merged and in order. At most 50, the longest ones."),
  plays: count("Times in this page view so far that playing started or resumed."),
  seeks: count("Jumps within the timeline in this page view so far."),
  playback_rate: z.number().min(0).max(100).describe("Playing speed; 1 is normal. Unit: ratio."),
  muted: z.boolean().describe("Whether the sound is off."),
};

const capturedBy = ["media()"];

/** Start or resumption of a video or audio. */
export const videoPlay = viewEvent("video_play", media).meta({
  description: "A video or audio starts or resumes.",
  capturedBy,
});

/** A stop before the end: by the visitor, by a script, because the element left the document or got another source. */
export const videoPause = viewEvent("video_pause", media).meta({
  description: "A video or audio stops before its end.",
  capturedBy,
});

/** Totals while a video or audio plays. */
export const videoProgress = viewEvent("video_progress", media).meta({
  description: "Totals of a video or audio while it plays.",
  capturedBy,
});

/** The end of a video or audio. */
export const videoComplete = viewEvent("video_complete", media).meta({
  description: "A video or audio plays to its end.",
  capturedBy,
});
