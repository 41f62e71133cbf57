import type { EventOf } from "@tidemark/schema";
import { addRange, type Range } from "./ranges.ts";

/** What a player says of itself, in the words and units of HTMLMediaElement: a media element is one as it is. */
export interface Player {
  /** Where it is, in seconds. */
  readonly currentTime: number;
  readonly paused: boolean;
  readonly ended?: boolean;
  readonly seeking?: boolean;
  /** In seconds. Default: unknown, as for a live stream. */
  readonly duration?: number;
  /** Default 1. */
  readonly playbackRate?: number;
  readonly loop?: boolean;
}

/** What there is to say of a medium, with its totals. */
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
 * Keeps the totals of one medium in one view: takes in what its player says at `now`. `isLost`: it plays for nobody. `isGone`:
 * its source does. `isWanted`: so are totals.
 *
 * @returns What is to be said of it, if anything.
 */
export type Playback = (
  player: Player,
  now: number,
  isLost?: boolean,
  isGone?: boolean,
  isWanted?: boolean,
) => PlaybackReport | undefined;

/**
 * How far off its expected position a medium has jumped, and how long at most it played on unseen before that, in milliseconds
 * of playing: at four times the speed, four times as far. Engines refresh the position only several times a second.
 */
const SLACK = 500;

const MAX_RANGES = 50;

const milliseconds = (seconds: number) => Math.round(seconds * 1000);

/**
 * A playback. Between two looks a medium was played from where it was to where it is; before a jump, for as long as the
 * clock says since the last look, at most half a second. Pure: every time is told, none is read.
 */
export const createPlayback = (): Playback => {
  let ranges: Range[] = [];
  let position = 0;
  let length = Infinity;
  let time = 0;
  /** By how much the position grows in a millisecond: 0 unless it is played. */
  let speed = 0;
  let isOpen = false;
  let hasJumped = true;
  let quarter = 0;
  let played = 0;
  let told = 0;
  let plays = 0;
  let seeks = 0;

  return (player, now, isLost, isGone, isWanted) => {
    const rate = player.playbackRate ?? 1;
    const current = milliseconds(player.currentTime);
    const expected = position + (now - time) * speed;
    const isOver = isGone || player.paused || player.ended;
    const slack = SLACK * Math.max(1, speed);
    const jumped = isGone || player.seeking || current < position - slack || current > expected + slack;
    // From the end to the start is no seek: it loops, and so was at its end, or is played once more.
    const wraps = jumped && current < SLACK * rate && expected + SLACK * rate > length;
    const reached = !jumped
      ? current
      : wraps && player.loop
        ? length
        : Math.round(Math.min(length, expected, position + SLACK * speed));

    if (speed && reached > position) {
      ranges = addRange(ranges, position, reached);
      played += (reached - position) / speed;
      hasJumped = false;
    }
    // A handle that is dragged along makes one seek.
    const isSeek = jumped && !hasJumped && !wraps;
    if (jumped) hasJumped = true;

    length = milliseconds(player.duration || length / 1000);
    position = current;
    time = now;
    speed = isOver || isLost || player.seeking ? 0 : Math.max(0, rate);

    const watched_ms = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
    const share = watched_ms / length;
    // The last one is said by the end, which comes at once.
    const isAtEnd = !player.loop && current + slack > length;
    const quarters = Math.min(isAtEnd ? 3 : 4, Math.floor(share * 4 + 0.01));
    const isNews = quarters > quarter || (isWanted && played > told);
    const type = isOpen
      ? isOver
        ? player.ended
          ? "video_complete"
          : "video_pause"
        : isNews && "video_progress"
      : speed && "video_play";
    quarter = Math.max(quarter, quarters);

    if (type === "video_play") plays += 1;
    const statement: PlaybackReport | undefined = type
      ? {
          type,
          position_ms: isOpen ? reached : current,
          ...(length < Infinity && {
            duration_ms: length,
            watched_percentage: Math.min(100, Math.round(share * 1e4) / 100),
          }),
          watched_ms,
          played_ms: Math.round(played),
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
      told = played;
    }
    if (isSeek) seeks += 1;
    return statement;
  };
};
