/**
 * Ranges of successive numbers of a tab, in ascending order, each with the times of its first and its last event. They
 * are the ranges of the received numbers.
 */
export type Timeline = Stretch[];

type Stretch = [from: number, to: number, firstTime: number, lastTime: number];

/** Position of the last range that begins at `seq` or before; -1 if there is none. Events mostly follow the last range. */
const positionBefore = (timeline: Timeline, seq: number): number => {
  let position = timeline.length - 1;
  while (position >= 0 && (timeline[position] as Stretch)[0] > seq) position -= 1;
  return position;
};

/** The highest number with its time; `undefined` for no events. */
export const latestIn = (timeline: Timeline): { seq: number; time: number } | undefined => {
  const last = timeline.at(-1);
  return last && { seq: last[1], time: last[3] };
};

/**
 * Adds an event, and returns its time: the given one, or the nearest that keeps the order of the tab. It is no earlier
 * than the time of any lower number, and no later than that of any higher one.
 */
export const place = (timeline: Timeline, seq: number, given: number): number => {
  const position = positionBefore(timeline, seq);
  const [lower, higher] = [timeline[position], timeline[position + 1]];
  // A timeline that an earlier version has stored has one range for all numbers.
  if (lower && seq <= lower[1]) return Math.min(Math.max(given, lower[2]), lower[3]);
  const time = Math.min(Math.max(given, lower?.[3] ?? given), higher?.[2] ?? Number.POSITIVE_INFINITY);
  const follows = lower?.[1] === seq - 1;
  const precedes = higher?.[0] === seq + 1;
  if (lower && higher && follows && precedes) timeline.splice(position, 2, [lower[0], higher[1], lower[2], higher[3]]);
  else if (lower && follows) [lower[1], lower[3]] = [seq, time];
  else if (higher && precedes) [higher[0], higher[2]] = [seq, time];
  else timeline.splice(position + 1, 0, [seq, seq, time, time]);
  return time;
};
