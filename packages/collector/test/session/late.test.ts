import { describe, expect, it } from "vitest";
import { countLate } from "../../src/session/late.ts";
import type { Timeline } from "../../src/session/tab/timeline.ts";

const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

/** The timeline of a tab whose latest event is so old. */
const tab = (age: number): Timeline => [[0, 9, NOW - 99 * MINUTE, NOW - age]];

describe("countLate", () => {
  it("counts nothing for events of the latest five minutes", () => {
    const late = countLate(NOW);
    late.add(NOW - 5 * MINUTE, NOW - 5 * MINUTE);
    late.add(NOW, NOW);
    expect(late.byCause(tab(0))).toBeUndefined();
  });

  it("is offline while the tab has later events of the latest five minutes, and closed otherwise", () => {
    const late = countLate(NOW);
    late.add(NOW - 6 * MINUTE, NOW - 6 * MINUTE);
    late.add(NOW - 7 * MINUTE, NOW - 7 * MINUTE);
    expect(late.byCause(tab(MINUTE))).toEqual({ offline: 2 });
    expect(late.byCause(tab(6 * MINUTE))).toEqual({ closed: 2 });
  });

  it("is the clock if it is wrong by more than a minute in either direction, whatever the age", () => {
    const late = countLate(NOW);
    late.add(NOW + 61_000, NOW);
    late.add(NOW - 61_000, NOW);
    late.add(NOW - 60_000, NOW);
    late.add(NOW - 70 * MINUTE, NOW - 10 * MINUTE);
    expect(late.byCause(tab(0))).toEqual({ clock: 3 });
  });

  it("counts each event once when both happen", () => {
    const late = countLate(NOW);
    late.add(NOW - 20 * MINUTE, NOW - 20 * MINUTE);
    late.add(NOW - 20 * MINUTE, NOW - 10 * MINUTE);
    expect(late.byCause(tab(MINUTE))).toEqual({ offline: 1, clock: 1 });
  });
});
