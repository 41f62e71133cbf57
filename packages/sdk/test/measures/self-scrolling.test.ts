import { describe, expect, it } from "vitest";
import { createSelfScrolling } from "../../src/measures/self-scrolling.ts";

describe("the record of scrollers that scroll by themselves", () => {
  /** Adds scrolls at these times, and returns the answer to the last. */
  const scrollAt = (
    record: ReturnType<typeof createSelfScrolling>,
    scroller: object,
    times: number[],
    isExpected: boolean,
  ) => times.map((at) => record(scroller, at, isExpected)).at(-1);

  it("recognizes a ticker that also scrolls after a click, for as long as it scrolls", () => {
    const [record, ticker] = [createSelfScrolling(), {}];
    scrollAt(record, ticker, [1_000, 1_050], false);
    for (let at = 1_100; at < 60_000; at += 50) expect(record(ticker, at, true)).toBe(true);
  });

  it("recognizes a carousel that moves every five seconds, in movements of several scrolls", () => {
    const [record, carousel] = [createSelfScrolling(), {}];
    scrollAt(record, carousel, [0, 16, 32, 5_000, 5_016], false);
    expect(record(carousel, 10_000, true)).toBe(true);
  });

  it("does not recognize a scroller that scrolled once, such as a page whose position was restored", () => {
    const [record, page] = [createSelfScrolling(), {}];
    record(page, 500, false);
    expect(record(page, 1_000, true)).toBe(false);
  });

  it("does not recognize a scroller that scrolls after actions of the visitor only", () => {
    const [record, carousel] = [createSelfScrolling(), {}];
    expect(scrollAt(record, carousel, [0, 16, 32, 1_000, 1_016, 2_000], true)).toBe(false);
  });

  it("forgets a scroller that has paused for more than ten seconds, and separates scrollers", () => {
    const [record, ticker, other] = [createSelfScrolling(), {}, {}];
    scrollAt(record, ticker, [0, 50, 100], false);
    expect(record(other, 150, true)).toBe(false);
    expect(record(ticker, 10_101, true)).toBe(false);
  });
});
