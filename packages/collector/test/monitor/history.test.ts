import { describe, expect, it } from "vitest";
import { History, namesIn } from "../../src/monitor/history.ts";

const BEGIN = Date.UTC(2026, 10, 30);
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const KEY = 'tidemark_sink_paused{site="shop",sink="orders"}';

/** A history of values each 10 s for a time, with the time of each as its value. */
const during = (ms: number, history = new History(["tidemark_sink_paused"])): History => {
  for (let at = BEGIN; at <= BEGIN + ms; at += 10 * SECOND) history.add(at, { [KEY]: at });
  return history;
};

const [series, now] = [(history: History) => history.series("tidemark_sink_paused")[0] as never, BEGIN + 26 * HOUR];

describe("a history", () => {
  it("keeps a day and an hour in a bounded number of snapshots", () => {
    expect(during(26 * HOUR).size).toBeLessThan(450);
    expect(during(30 * HOUR).size).toBe(during(40 * HOUR).size);
  });

  it("has each value of 10 minutes, one a minute of an hour, and one in 5 minutes of a day", () => {
    const history = during(26 * HOUR);
    const ages = [
      [0, 10 * SECOND],
      [500 * SECOND, 10 * SECOND],
      [HOUR, 60 * SECOND],
      [25 * HOUR, 300 * SECOND],
    ] as const;
    for (const [age, step] of ages) {
      const value = history.latest(series(history), now - age) as number;
      expect(now - age - value).toBeLessThan(step);
    }
    expect(history.points(series(history), now - 600 * SECOND, now)).toHaveLength(60);
    expect(history.latest(series(history), now - 25.9 * HOUR)).toBeUndefined();
  });

  it("keeps only the metrics that alerts read", () => {
    const history = new History(["tidemark_sink_paused"]);
    history.add(BEGIN, { [KEY]: 1, "tidemark_log_records{}": 5 });
    expect([history.series("tidemark_sink_paused").length, history.series("tidemark_log_records").length]).toEqual([
      1, 0,
    ]);
    expect(
      namesIn({
        type: "above",
        left: { type: "quantile", quantile: 0.5, overSeconds: 60, family: "tidemark_wait_seconds" },
        right: { type: "earlier", bySeconds: 60, of: { type: "latest", family: "tidemark_log_records" } },
      }),
    ).toEqual(["tidemark_wait_seconds_bucket", "tidemark_wait_seconds_count", "tidemark_log_records"]);
  });

  it("has the most series, counts those that it omits, and gives the places of unused ones to new ones", () => {
    const history = new History(["tidemark_sink_paused"], 2);
    const key = (sink: number) => `tidemark_sink_paused{sink="${sink}"}`;
    history.add(BEGIN, { [key(1)]: 1, [key(2)]: 2, [key(3)]: 3 });
    expect([history.series("tidemark_sink_paused").length, history.omitted]).toEqual([2, 1]);
    history.add(BEGIN + 30 * HOUR, { [key(2)]: 22, [key(3)]: 33 });
    const values = history
      .series("tidemark_sink_paused")
      .map((each) => [each.labels.sink, history.latest(each, BEGIN + 30 * HOUR)]);
    // The first series was in an earlier snapshot until now.
    expect(values).toContainEqual(["2", 22]);
    history.add(BEGIN + 30 * HOUR + 10 * SECOND, { [key(2)]: 23, [key(3)]: 34 });
    const [two, three] = history.series("tidemark_sink_paused");
    expect([history.omitted, two?.labels, three?.labels]).toEqual([0, { sink: "2" }, { sink: "3" }]);
    expect(history.points(two as never, 0, BEGIN + 31 * HOUR).map(({ value }) => value)).toEqual([22, 23]);
  });

  it("has the latest values, also if they come sooner than the distance of its values", () => {
    const history = new History(["tidemark_sink_paused"]);
    history.add(BEGIN, { [KEY]: 1 });
    history.add(BEGIN + 3 * SECOND, { [KEY]: 2 });
    expect(history.latest(series(history), BEGIN + 3 * SECOND)).toBe(2);
  });

  it("has no value of a time in which nothing was added", () => {
    const history = during(HOUR);
    const [soon, later] = [300, 340].map((seconds) => BEGIN + HOUR + seconds * SECOND);
    expect(history.latest(series(history), soon as number)).toBe(BEGIN + HOUR);
    expect(history.latest(series(history), later as number)).toBeUndefined();
  });

  it("is the same after it is restored", () => {
    const history = during(2 * HOUR);
    const restored = new History(["tidemark_sink_paused"]);
    restored.restore(history.keys, history.snapshots);
    for (const age of [0, 300 * SECOND, HOUR])
      expect(restored.latest(series(restored), BEGIN + 2 * HOUR - age)).toBe(
        history.latest(series(history), BEGIN + 2 * HOUR - age),
      );
  });

  it("begins anew after the clock was set back far", () => {
    const history = during(HOUR);
    history.add(BEGIN, { [KEY]: 7 });
    expect([history.size, history.latest(series(history), BEGIN)]).toEqual([1, 7]);
  });
});
