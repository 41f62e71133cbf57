import { describe, expect, it } from "vitest";
import { addUsage, type DailyUsage, reachedShares } from "../../src/metrics/daily-usage.ts";

const on = (day: string, sessions: number, events: number): DailyUsage => ({ day, sessions, events });

describe("addUsage", () => {
  it("sums one day, begins each day at zero, and ignores what arrives after the day", () => {
    expect(addUsage(undefined, on("2026-11-29", 1, 2))).toEqual(on("2026-11-29", 1, 2));
    expect(addUsage(on("2026-11-29", 1, 2), on("2026-11-29", 3, 4))).toEqual(on("2026-11-29", 4, 6));
    expect(addUsage(on("2026-11-29", 1, 2), on("2026-11-30", 3, 4))).toEqual(on("2026-11-30", 3, 4));
    expect(addUsage(on("2026-11-30", 3, 4), on("2026-11-29", 1, 2))).toEqual(on("2026-11-30", 3, 4));
  });
});

describe("reachedShares", () => {
  const caps = { sessions: 10, events: 1_000 };

  it("has each share once, when the usage reaches it", () => {
    expect(reachedShares(undefined, on("a", 7, 799), caps)).toEqual([]);
    expect(reachedShares(on("a", 7, 799), on("a", 8, 800), caps)).toEqual([
      { cap: "sessions", percent: 80 },
      { cap: "events", percent: 80 },
    ]);
    expect(reachedShares(on("a", 8, 800), on("a", 9, 999), caps)).toEqual([]);
    expect(reachedShares(on("a", 9, 999), on("a", 9, 5_000), caps)).toEqual([{ cap: "events", percent: 100 }]);
    expect(reachedShares(on("a", 9, 5_000), on("a", 9, 6_000), caps)).toEqual([]);
  });

  it("has both shares at once, and again on another day", () => {
    const both = [80, 100].map((percent) => ({ cap: "sessions", percent }));
    expect(reachedShares(undefined, on("a", 20, 0), caps)).toEqual(both);
    expect(reachedShares(on("a", 20, 0), on("b", 20, 0), caps)).toEqual(both);
  });

  it("has none without a cap", () => {
    expect(reachedShares(undefined, on("a", 1e9, 1e9), {})).toEqual([]);
  });
});
