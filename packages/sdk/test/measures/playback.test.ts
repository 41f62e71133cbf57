import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPlayback, type PlaybackReport } from "../../src/measures/playback.ts";

const LENGTH = 60_000;
/** Time between two states of a playing player, in milliseconds. */
const TICK = 250;

type Action =
  | { kind: "play" }
  | { kind: "pause" }
  | { kind: "stall" }
  | { kind: "report" }
  | { kind: "wait"; ticks: number; rest: number }
  | { kind: "seek"; to: number }
  | { kind: "rate"; rate: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom<Action>({ kind: "play" }, { kind: "pause" }, { kind: "stall" }, { kind: "report" }),
  fc.record({ kind: fc.constant("wait" as const), ticks: fc.integer({ min: 1, max: 20 }), rest: fc.nat(TICK - 1) }),
  fc.record({ kind: fc.constant("wait" as const), ticks: fc.integer({ min: 1, max: 20 }), rest: fc.nat(TICK - 1) }),
  fc.record({ kind: fc.constant("seek" as const), to: fc.nat(LENGTH - 1) }),
  fc.record({ kind: fc.constant("rate" as const), rate: fc.constantFrom(0.5, 1, 1.5, 2) }),
);

/**
 * Performs actions on a medium of a minute that follows the HTML standard. Returns the reports, and the milliseconds
 * that were really played.
 */
const perform = (actions: Action[], { loop = false, reportsSeeks = true } = {}) => {
  const playback = createPlayback();
  const truth = { watched: new Set<number>(), played: 0, pieces: 1 };
  const reports: PlaybackReport[] = [];
  let [now, position, paused, stalled, ended, seeking, rate] = [1e12, 0, true, false, false, false, 1];

  const update = (isRequested = false) => {
    const player = {
      currentTime: position / 1000,
      paused,
      ended,
      seeking,
      duration: LENGTH / 1000,
      playbackRate: rate,
    };
    const report = playback(player, now, false, false, isRequested);
    if (report) reports.push(report);
  };
  const seek = (to: number) => {
    [position, seeking, ended] = [to, reportsSeeks, false];
    truth.pieces += 1;
    update();
    seeking = false;
    update();
  };
  const advance = (span: number) => {
    for (let each = 0; each < span; each += 1) {
      now += 1;
      if (paused || stalled || ended) continue;
      for (let part = 0; part < rate; part += 1) truth.watched.add(Math.floor(position + part));
      truth.played += 1;
      position = Math.min(LENGTH, position + rate);
      if (position < LENGTH) continue;
      if (loop) seek(0);
      else {
        [ended, paused] = [true, true];
        update();
      }
    }
  };

  for (const each of actions) {
    if (each.kind === "play") {
      if (ended) seek(0);
      [paused, stalled] = [false, false];
      update();
    } else if (each.kind === "pause") {
      paused = true;
      update();
    } else if (each.kind === "stall") stalled = true;
    else if (each.kind === "report") update(true);
    else if (each.kind === "seek") seek(each.to);
    else if (each.kind === "rate") {
      rate = each.rate;
      update();
    } else {
      for (let tick = 0; tick < each.ticks; tick += 1) {
        advance(TICK);
        update();
      }
      advance(each.rest);
    }
  }
  update(true);
  return { reports, truth, last: reports.at(-1) };
};

const covered = ({ ranges }: PlaybackReport) =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, each) => from + each)));

const missingFrom = (some: Set<number>, all: Set<number>) => [...all].filter((each) => !some.has(each)).length;

const lengthOf = ({ ranges }: PlaybackReport) => ranges.reduce((sum, [from, to]) => sum + to - from, 0);

const wait = (seconds: number): Action => ({ kind: "wait", ticks: seconds * 4, rest: 0 });
const play: Action = { kind: "play" };
const pause: Action = { kind: "pause" };
const seek = (to: number): Action => ({ kind: "seek", to });
const types = ({ reports }: { reports: PlaybackReport[] }) => reports.map(({ type }) => type.slice(6));

describe("playback", () => {
  it("reports the ranges that were really played, for any actions on the player", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), fc.boolean(), (actions, loop) => {
        const { reports, truth, last } = perform(actions, { loop });
        if (!last) return;
        // A jump after a stall may add the time since the last state: at most half a second, at up to twice the speed.
        const unsure = actions.filter(({ kind }) => kind === "stall").length * 500 * 2;
        const claimed = covered(last);
        expect(missingFrom(claimed, truth.watched)).toBeLessThanOrEqual(2 * truth.pieces);
        expect(missingFrom(truth.watched, claimed)).toBeLessThanOrEqual(2 * truth.pieces + unsure);
        expect(Math.abs(last.played_ms - truth.played)).toBeLessThanOrEqual(2 * truth.pieces + unsure);
        for (const each of reports) {
          expect(each.watched_ms).toBe(lengthOf(each));
          expect(each.ranges).toEqual([...each.ranges].sort(([a], [b]) => a - b));
          expect(each.watched_ms).toBeLessThanOrEqual(LENGTH);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("starts with a play, and ends with a pause or a complete before the next play", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        let open = false;
        let plays = 0;
        for (const { type, plays: reported } of perform(actions).reports) {
          expect(open).toBe(type !== "video_play");
          if (type !== "video_progress") open = type === "video_play";
          if (type === "video_play") plays += 1;
          expect(reported).toBe(plays);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("reports each quarter when it is watched, and the end", () => {
    const { reports } = perform([play, wait(61)]);
    expect(types({ reports })).toEqual(["play", "progress", "progress", "progress", "complete"]);
    expect(reports.map(({ watched_percentage }) => watched_percentage)).toEqual([0, 25, 50, 75, 100]);
    expect(reports.at(-1)).toMatchObject({ position_ms: LENGTH, watched_ms: LENGTH, ranges: [[0, LENGTH]] });
  });

  it("reports the last quarter with the end only, however near the last position before it is", () => {
    const playback = createPlayback();
    const reports = [0, 20, 40, 59.99, 60].map((at) =>
      playback({ currentTime: at, paused: at === 60, ended: at === 60, duration: 60 }, at * 1000),
    );
    expect(reports.map((each) => each?.type)).toEqual([
      "video_play",
      "video_progress",
      "video_progress",
      "video_progress",
      "video_complete",
    ]);
    expect(reports.at(-1)).toMatchObject({ watched_percentage: 100 });
  });

  it("does not count the part that a jump skips", () => {
    const { last } = perform([play, wait(5), seek(30_000), wait(5), pause]);
    expect(last).toMatchObject({
      type: "video_pause",
      position_ms: 35_000,
      ranges: [
        [0, 5_000],
        [30_000, 35_000],
      ],
      played_ms: 10_000,
      seeks: 1,
      plays: 1,
    });
  });

  it("detects the jumps of a player that does not report them", () => {
    const { last } = perform([play, wait(5), seek(30_000), wait(5), seek(2_000), wait(1), pause], {
      reportsSeeks: false,
    });
    expect(last).toMatchObject({ played_ms: 11_000, watched_ms: 10_000, seeks: 2 });
  });

  it("reports the position at which playing stopped when a stop button also returns to the start", () => {
    const playback = createPlayback();
    playback({ currentTime: 0, paused: false, duration: 60 }, 0);
    playback({ currentTime: 4.9, paused: false, duration: 60 }, 4_900);
    const report = playback({ currentTime: 0, paused: true, seeking: true, duration: 60 }, 5_000);
    expect(report).toMatchObject({ type: "video_pause", position_ms: 5_000, watched_ms: 5_000, seeks: 0 });
  });

  it("counts a dragged handle as one seek, and neither a loop nor a replay", () => {
    const drag = [seek(20_000), seek(21_000), seek(25_000), seek(22_000)];
    expect(perform([play, wait(5), ...drag, wait(5), pause]).last).toMatchObject({ seeks: 1 });
    expect(perform([play, wait(61), play, wait(5), pause]).last).toMatchObject({ seeks: 0, plays: 2 });
    const looped = perform([play, wait(150), pause], { loop: true });
    expect(looped.last).toMatchObject({ seeks: 0, plays: 1, played_ms: 150_000, watched_ms: LENGTH });
    expect(types(looped)).toEqual(["play", "progress", "progress", "progress", "progress", "pause"]);
  });

  it("separates played time from the medium's timeline", () => {
    const { last } = perform([{ kind: "rate", rate: 2 }, play, wait(10), pause]);
    expect(last).toMatchObject({ played_ms: 10_000, watched_ms: 20_000, playback_rate: 2 });
  });

  it("does not take a position that a browser refreshes in steps for a jump, also at four times the speed", () => {
    const playback = createPlayback();
    const player = { currentTime: 0, paused: false, duration: 60, playbackRate: 4 };
    playback(player, 0);
    playback({ ...player, currentTime: 1 }, 250);
    playback({ ...player, currentTime: 1 }, 450);
    const report = playback({ ...player, currentTime: 3, paused: true }, 600);
    expect(report).toMatchObject({ ranges: [[0, 3_000]], seeks: 0 });
  });

  it("adds nothing while the medium stalls, is unattended or plays backwards", () => {
    expect(perform([play, wait(5), { kind: "stall" }, wait(20), pause]).last).toMatchObject({ played_ms: 5_000 });
    const unattended = createPlayback();
    expect(unattended({ currentTime: 0, paused: false }, 0, true)).toBeUndefined();
    expect(unattended({ currentTime: 5, paused: false }, 5_000, true)).toBeUndefined();
    expect(unattended({ currentTime: 5, paused: false }, 5_000)).toMatchObject({
      type: "video_play",
      position_ms: 5_000,
    });
    expect(unattended({ currentTime: 6, paused: true }, 6_000)).toMatchObject({ ranges: [[5_000, 6_000]] });
    const backwards = createPlayback();
    expect(backwards({ currentTime: 9, paused: false, playbackRate: -1 }, 0)).toBeUndefined();
  });

  it("pauses a medium whose source changes, with the old length and position", () => {
    const playback = createPlayback();
    playback({ currentTime: 0, paused: false, duration: 60 }, 0);
    playback({ currentTime: 4.8, paused: false, duration: 60 }, 4_800);
    const report = playback({ currentTime: 0, paused: false, duration: Number.NaN }, 5_000, false, true);
    expect(report).toMatchObject({ type: "video_pause", position_ms: 5_000, duration_ms: 60_000, seeks: 0 });
  });

  it("reports no time beyond the longest timeline of the contract, whatever positions a player states", () => {
    const LONGEST = 1e15;
    const seconds = fc.oneof(fc.constantFrom(LONGEST / 1000, LONGEST / 1000 - 1, 1e300, Infinity, 0), fc.double());
    const state = fc.record({
      player: fc.record({ currentTime: seconds, duration: seconds, paused: fc.boolean(), seeking: fc.boolean() }),
      elapsed: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(state, { minLength: 2 }), (states) => {
        const playback = createPlayback();
        let now = 0;
        for (const { player, elapsed } of states) {
          now += elapsed;
          const report = playback(player, now, false, false, true);
          if (!report) continue;
          const { position_ms, duration_ms = 0, watched_ms, ranges } = report;
          expect(Math.max(position_ms, duration_ms, watched_ms, ...ranges.flat())).toBeLessThanOrEqual(LONGEST);
        }
      }),
    );
  });

  it("omits length and percentage for a live stream", () => {
    const report = createPlayback()({ currentTime: 3_600, paused: false, duration: Infinity }, 0);
    expect(report).toMatchObject({ type: "video_play", position_ms: 3_600_000 });
    expect(report).not.toHaveProperty("duration_ms");
    expect(report).not.toHaveProperty("watched_percentage");
  });

  it("reports nothing on request when nothing has changed", () => {
    const { reports } = perform([play, wait(2), { kind: "report" }, { kind: "report" }, pause, { kind: "report" }]);
    expect(types({ reports })).toEqual(["play", "progress", "pause"]);
  });

  it("reports the fifty longest ranges, in order", () => {
    const actions = Array.from({ length: 55 }, (_, each) => [
      seek(each * 1_000),
      { kind: "wait", ticks: 1, rest: each } as Action,
    ]);
    const { last } = perform([play, ...actions.flat(), pause]);
    expect(last?.ranges).toHaveLength(50);
    expect(last?.ranges[0]?.[0]).toBeGreaterThan(3_000);
    expect(last?.watched_ms).toBeGreaterThan(last ? lengthOf(last) : 0);
  });
});
