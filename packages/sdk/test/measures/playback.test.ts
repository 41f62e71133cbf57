import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPlayback, type PlaybackReport } from "../../src/measures/playback.ts";

const LENGTH = 60_000;
/** How often a player says where it is, in milliseconds. */
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

/** A medium of a minute that behaves as the HTML standard says, beside the milliseconds of it that were truly played. */
const perform = (actions: Action[], { loop = false, says = true } = {}) => {
  const playback = createPlayback();
  const truth = { watched: new Set<number>(), played: 0, pieces: 1 };
  const statements: PlaybackReport[] = [];
  let [now, position, paused, stalled, ended, seeking, rate] = [1e12, 0, true, false, false, false, 1];

  const look = (isWanted = false) => {
    const player = {
      currentTime: position / 1000,
      paused,
      ended,
      seeking,
      duration: LENGTH / 1000,
      playbackRate: rate,
    };
    const statement = playback(player, now, false, false, isWanted);
    if (statement) statements.push(statement);
  };
  const seek = (to: number) => {
    [position, seeking, ended] = [to, says, false];
    truth.pieces += 1;
    look();
    seeking = false;
    look();
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
        look();
      }
    }
  };

  for (const each of actions) {
    if (each.kind === "play") {
      if (ended) seek(0);
      [paused, stalled] = [false, false];
      look();
    } else if (each.kind === "pause") {
      paused = true;
      look();
    } else if (each.kind === "stall") stalled = true;
    else if (each.kind === "report") look(true);
    else if (each.kind === "seek") seek(each.to);
    else if (each.kind === "rate") {
      rate = each.rate;
      look();
    } else {
      for (let tick = 0; tick < each.ticks; tick += 1) {
        advance(TICK);
        look();
      }
      advance(each.rest);
    }
  }
  look(true);
  return { statements, truth, last: statements.at(-1) };
};

const covered = ({ ranges }: PlaybackReport) =>
  new Set(ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, each) => from + each)));

const missingFrom = (some: Set<number>, all: Set<number>) => [...all].filter((each) => !some.has(each)).length;

const lengthOf = ({ ranges }: PlaybackReport) => ranges.reduce((sum, [from, to]) => sum + to - from, 0);

const wait = (seconds: number): Action => ({ kind: "wait", ticks: seconds * 4, rest: 0 });
const play: Action = { kind: "play" };
const pause: Action = { kind: "pause" };
const seek = (to: number): Action => ({ kind: "seek", to });
const types = ({ statements }: { statements: PlaybackReport[] }) => statements.map(({ type }) => type.slice(6));

describe("playback", () => {
  it("has watched what was truly played, whatever is done to the player", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), fc.boolean(), (actions, loop) => {
        const { statements, truth, last } = perform(actions, { loop });
        if (!last) return;
        // A jump out of a stall may add what was expected to be played: at most half a second of the clock.
        const unsure = actions.filter(({ kind }) => kind === "stall").length * 500 * 2;
        const claimed = covered(last);
        expect(missingFrom(claimed, truth.watched)).toBeLessThanOrEqual(2 * truth.pieces);
        expect(missingFrom(truth.watched, claimed)).toBeLessThanOrEqual(2 * truth.pieces + unsure);
        expect(Math.abs(last.played_ms - truth.played)).toBeLessThanOrEqual(2 * truth.pieces + unsure);
        for (const each of statements) {
          expect(each.watched_ms).toBe(lengthOf(each));
          expect(each.ranges).toEqual([...each.ranges].sort(([a], [b]) => a - b));
          expect(each.watched_ms).toBeLessThanOrEqual(LENGTH);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("opens with a play, and closes with a pause or an end before the next", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
        let open = false;
        let plays = 0;
        for (const { type, plays: said } of perform(actions).statements) {
          expect(open).toBe(type !== "video_play");
          if (type !== "video_progress") open = type === "video_play";
          if (type === "video_play") plays += 1;
          expect(said).toBe(plays);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("says each quarter as it is watched, and the end", () => {
    const { statements } = perform([play, wait(61)]);
    expect(types({ statements })).toEqual(["play", "progress", "progress", "progress", "complete"]);
    expect(statements.map(({ watched_percentage }) => watched_percentage)).toEqual([0, 25, 50, 75, 100]);
    expect(statements.at(-1)).toMatchObject({ position_ms: LENGTH, watched_ms: LENGTH, ranges: [[0, LENGTH]] });
  });

  it("leaves the last quarter to the end, however near a look comes to it", () => {
    const playback = createPlayback();
    const said = [0, 20, 40, 59.99, 60].map((at) =>
      playback({ currentTime: at, paused: at === 60, ended: at === 60, duration: 60 }, at * 1000),
    );
    expect(said.map((each) => each?.type)).toEqual([
      "video_play",
      "video_progress",
      "video_progress",
      "video_progress",
      "video_complete",
    ]);
    expect(said.at(-1)).toMatchObject({ watched_percentage: 100 });
  });

  it("has not watched what a jump skipped, and says so at the place of the jump", () => {
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

  it("finds the jumps of a player that does not tell of them", () => {
    const { last } = perform([play, wait(5), seek(30_000), wait(5), seek(2_000), wait(1), pause], { says: false });
    expect(last).toMatchObject({ played_ms: 11_000, watched_ms: 10_000, seeks: 2 });
  });

  it("knows where playing stopped when a stop button also goes back to the start", () => {
    const playback = createPlayback();
    playback({ currentTime: 0, paused: false, duration: 60 }, 0);
    playback({ currentTime: 4.9, paused: false, duration: 60 }, 4_900);
    const said = playback({ currentTime: 0, paused: true, seeking: true, duration: 60 }, 5_000);
    expect(said).toMatchObject({ type: "video_pause", position_ms: 5_000, watched_ms: 5_000, seeks: 0 });
  });

  it("counts a dragged handle as one seek, and neither a loop nor a replay as any", () => {
    const drag = [seek(20_000), seek(21_000), seek(25_000), seek(22_000)];
    expect(perform([play, wait(5), ...drag, wait(5), pause]).last).toMatchObject({ seeks: 1 });
    expect(perform([play, wait(61), play, wait(5), pause]).last).toMatchObject({ seeks: 0, plays: 2 });
    const looped = perform([play, wait(150), pause], { loop: true });
    expect(looped.last).toMatchObject({ seeks: 0, plays: 1, played_ms: 150_000, watched_ms: LENGTH });
    expect(types(looped)).toEqual(["play", "progress", "progress", "progress", "progress", "pause"]);
  });

  it("keeps the clock on the wall and the medium's timeline apart", () => {
    const { last } = perform([{ kind: "rate", rate: 2 }, play, wait(10), pause]);
    expect(last).toMatchObject({ played_ms: 10_000, watched_ms: 20_000, playback_rate: 2 });
  });

  it("takes a position that an engine refreshes in steps for no jump, also at four times the speed", () => {
    const playback = createPlayback();
    const player = { currentTime: 0, paused: false, duration: 60, playbackRate: 4 };
    playback(player, 0);
    playback({ ...player, currentTime: 1 }, 250);
    playback({ ...player, currentTime: 1 }, 450);
    const said = playback({ ...player, currentTime: 3, paused: true }, 600);
    expect(said).toMatchObject({ ranges: [[0, 3_000]], seeks: 0 });
  });

  it("adds nothing while the medium waits, is lost, or runs backwards", () => {
    expect(perform([play, wait(5), { kind: "stall" }, wait(20), pause]).last).toMatchObject({ played_ms: 5_000 });
    const lost = createPlayback();
    expect(lost({ currentTime: 0, paused: false }, 0, true)).toBeUndefined();
    expect(lost({ currentTime: 5, paused: false }, 5_000, true)).toBeUndefined();
    expect(lost({ currentTime: 5, paused: false }, 5_000)).toMatchObject({ type: "video_play", position_ms: 5_000 });
    expect(lost({ currentTime: 6, paused: true }, 6_000)).toMatchObject({ ranges: [[5_000, 6_000]] });
    const backwards = createPlayback();
    expect(backwards({ currentTime: 9, paused: false, playbackRate: -1 }, 0)).toBeUndefined();
  });

  it("closes a medium whose source is changed, with the old length and place", () => {
    const playback = createPlayback();
    playback({ currentTime: 0, paused: false, duration: 60 }, 0);
    playback({ currentTime: 4.8, paused: false, duration: 60 }, 4_800);
    const said = playback({ currentTime: 0, paused: false, duration: Number.NaN }, 5_000, false, true);
    expect(said).toMatchObject({ type: "video_pause", position_ms: 5_000, duration_ms: 60_000, seeks: 0 });
  });

  it("leaves length and share away for a live stream", () => {
    const said = createPlayback()({ currentTime: 3_600, paused: false, duration: Infinity }, 0);
    expect(said).toMatchObject({ type: "video_play", position_ms: 3_600_000 });
    expect(said).not.toHaveProperty("duration_ms");
    expect(said).not.toHaveProperty("watched_percentage");
  });

  it("says nothing when a report is wanted and nothing is new", () => {
    const { statements } = perform([play, wait(2), { kind: "report" }, { kind: "report" }, pause, { kind: "report" }]);
    expect(types({ statements })).toEqual(["play", "progress", "pause"]);
  });

  it("names at most fifty parts, the longest, in order", () => {
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
