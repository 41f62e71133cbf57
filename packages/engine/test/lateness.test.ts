import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latenessRule } from "../src/lateness.ts";

describe("lateness", () => {
  it.each<[streamTime: number, time: number, arrival: string]>([
    [10_000, 10_001, "on_time"],
    [10_000, 9_900, "on_time"],
    [10_000, 9_899, "late"],
    [10_000, 8_900, "late"],
    [10_000, 8_899, "too_late"],
  ])("at the stream time %d classifies an event of %d as %s", (streamTime, time, expected) => {
    const { classify } = latenessRule({ outOfOrdernessMs: 100, allowedLatenessMs: 1_000 });
    expect(classify(streamTime, time)).toBe(expected);
  });

  it("classifies the first event as on time", () => {
    expect([0, 1e15, -1e15].map((time) => latenessRule().classify(null, time))).toEqual([
      "on_time",
      "on_time",
      "on_time",
    ]);
  });

  it("is five seconds for late events, and a day more for events that are too late, by default", () => {
    const now = 1_800_000_000_000;
    const { classify, maxBehindMs } = latenessRule();
    const at = (behind: number) => classify(now, now - behind);
    expect([5_000, 5_001, 86_405_000, 86_405_001].map(at)).toEqual(["on_time", "late", "late", "too_late"]);
    expect(maxBehindMs).toBe(86_405_000);
  });

  it("classifies events in agreement with the watermark and with maxBehindMs", () => {
    const ms = fc.nat(1_000);
    fc.assert(
      fc.property(ms, ms, ms, ms, (outOfOrdernessMs, allowedLatenessMs, streamTime, time) => {
        const { classify, watermark, maxBehindMs } = latenessRule({ outOfOrdernessMs, allowedLatenessMs });
        const result = classify(streamTime, time);
        expect(result === "on_time").toBe(time >= watermark(streamTime));
        expect(result === "too_late").toBe(streamTime - time > maxBehindMs);
      }),
    );
  });
});
