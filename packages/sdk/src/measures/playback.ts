import type { EventOf } from "@tidemark/schema";
import { Math } from "../platform.ts";
import { bounded, whole } from "./bounds.ts";
import { addRange, lengthOf, type Range } from "./ranges.ts";

/** The state of a player, with the names and units of HTMLMediaElement: a media element is a `Player`. */
export interface Player {
  /** Position, in seconds. */
  readonly currentTime: number;
  readonly paused: boolean;
  readonly ended?: boolean;
  readonly seeking?: boolean;
  /** Length, in seconds. Default: unknown, as for a live stream. */
  readonly duration?: number;
  /** Default 1. */
  readonly playbackRate?: number;
  readonly loop?: boolean;
}

/** A report of a medium: the type of the event, and the totals so far. */
export type PlaybackReport = { type: "video_play" | "video_pause" | "video_progress" | "video_complete" } & Pick<
  EventOf<"video_progress">,
  | "position_ms"
  | "duration_ms"
  | "watched_ms"
  | "watched_percentage"
  | "played_ms"
  | "ranges"
  | "plays"
  | "seeks"
  | "playback_rate"
>;

/**
 * Computes the totals of one medium in one page view. Each call adds the player's state at time `now`, in milliseconds.
 *
 * @param isUnattended Whether the medium is neither visible nor audible.
 * @param isRemoved Whether the player has lost its source.
 * @param isRequested Whether totals are requested.
 * @returns The report to capture, if any.
 */
export type Playback = (
  player: Player,
  now: number,
  isUnattended?: boolean,
  isRemoved?: boolean,
  isRequested?: boolean,
) => PlaybackReport | undefined;

/**
 * Tolerance of positions, in milliseconds of playing, because engines refresh the position only several times a second.
 * A medium that is farther off its expected position has jumped; before a jump it played on for at most this long. At
 * four times the speed, the tolerance is four times as large.
 */
const SLACK = 500;

/** Most ranges in a report; the longest are kept. */
const MAX_RANGES = 50;

/** Longest time of a timeline, in milliseconds. Sums of such times stay exact. */
const MAX_MS = 1e15;

const milliseconds = (seconds: number | undefined) => whole((seconds ?? 0) * 1000, 0, MAX_MS);

/**
 * Creates the playback of a medium. Between two calls the medium played from the earlier position to the later one.
 * Before a jump it played for the time since the last call, at most half a second. Pure: times are arguments.
 */
export const createPlayback = (): Playback => {
  let ranges: Range[] = [];
  let position = 0;
  let length = Infinity;
  let time = 0;
  /** Growth of the position per millisecond: 0 unless the medium plays. */
  let speed = 0;
  let isOpen = false;
  let hasJumped = true;
  let quarter = 0;
  let played = 0;
  let playedReported = 0;
  let plays = 0;
  let seeks = 0;

  return (player, now, isUnattended, isRemoved, isRequested) => {
    const rate = bounded(player.playbackRate ?? 1, 0, 100);
    const current = milliseconds(player.currentTime);
    const expected = position + (now - time) * speed;
    const isOver = isRemoved || player.paused || player.ended;
    const slack = SLACK * Math.max(1, speed);
    const jumped = isRemoved || player.seeking || current < position - slack || current > expected + slack;
    // From the end to the start is no seek: the medium loops, and so reached its end, or plays again.
    const wraps = jumped && current < SLACK * rate && expected + SLACK * rate > length;
    const reached = !jumped
      ? current
      : wraps && player.loop
        ? length
        : Math.round(Math.min(length, MAX_MS, expected, position + SLACK * speed));

    if (speed && reached > position) {
      ranges = addRange(ranges, position, reached);
      played += (reached - position) / speed;
      hasJumped = false;
    }
    // Dragging the handle is one seek.
    const isSeek = jumped && !hasJumped && !wraps;
    if (jumped) hasJumped = true;

    // Infinite for a live stream; unknown while it is 0 or not a number.
    if (player.duration === Infinity) length = Infinity;
    else length = milliseconds(player.duration) || length;
    position = current;
    time = now;
    speed = isOver || isUnattended || player.seeking ? 0 : rate;

    const watched_ms = lengthOf(ranges);
    const share = watched_ms / length;
    // The end, which follows at once, reports the last quarter.
    const isAtEnd = !player.loop && current + slack > length;
    const quarters = Math.min(isAtEnd ? 3 : 4, Math.floor(share * 4 + 0.01));
    const isReportDue = quarters > quarter || (isRequested && played > playedReported);
    const type = isOpen
      ? isOver
        ? player.ended
          ? "video_complete"
          : "video_pause"
        : isReportDue && "video_progress"
      : speed && "video_play";
    quarter = Math.max(quarter, quarters);

    if (type === "video_play") plays += 1;
    const report: PlaybackReport | undefined = type
      ? {
          type,
          position_ms: isOpen ? reached : current,
          ...(length < Infinity && {
            duration_ms: length,
            watched_percentage: Math.min(100, Math.round(share * 1e4) / 100),
          }),
          watched_ms,
          played_ms: whole(played, 0, MAX_MS),
          ranges: ranges
            .sort(([a, b], [c, d]) => d - c - b + a)
            .slice(0, MAX_RANGES)
            .sort(([a], [c]) => a - c),
          plays,
          seeks,
          playback_rate: rate,
        }
      : undefined;
    if (type) {
      isOpen = !isOver;
      playedReported = played;
    }
    if (isSeek) seeks += 1;
    return report;
  };
};
