import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDepthGauge, percentageOf } from "../../src/measures/depth.ts";

const geometry = fc.record({
  offset: fc.integer({ min: -200, max: 20_000 }),
  viewport_height: fc.integer({ min: 1, max: 2_000 }),
  content_height: fc.integer({ min: 1, max: 20_000 }),
});

/** The depth of a scroller that had these offsets, one each millisecond. */
const depthOf = (offsets: number[], viewport_height: number, content_height: number) => {
  const gauge = createDepthGauge();
  const depths = offsets.map((offset, time) => gauge({ offset, viewport_height, content_height }, time));
  return depths.at(-1);
};

describe("the scroll depth", () => {
  it("is a percentage from 0 to 100 for any geometry", () => {
    fc.assert(
      fc.property(fc.array(geometry, { minLength: 1 }), (all) => {
        const gauge = createDepthGauge();
        for (const [time, each] of all.entries()) {
          const percentage = percentageOf(gauge(each, time).scroll_depth_px, each);
          expect(percentage).toBeGreaterThanOrEqual(0);
          expect(percentage).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  it("never decreases, and has the time at which the deepest edge was reached", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9_000), { minLength: 1 }), (offsets) => {
        const deepest = Math.max(...offsets);
        expect(depthOf(offsets, 1_000, 10_000)).toMatchObject({
          scroll_depth_px: deepest + 1_000,
          depth_reached_ms: offsets.indexOf(deepest),
        });
      }),
    );
  });

  it("is 100 percent on content that fits the viewport, with a tolerance of a pixel", () => {
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 700 })).toBe(100);
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 701 })).toBe(100);
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 1_400 })).toBe(50);
  });

  it("is a percentage of the current content: it falls when the page grows, and is at most 100 when it shrinks", () => {
    const gauge = createDepthGauge();
    const { scroll_depth_px } = gauge({ offset: 500, viewport_height: 500, content_height: 1_000 }, 0);
    expect(percentageOf(scroll_depth_px, { offset: 500, viewport_height: 500, content_height: 4_000 })).toBe(25);
    expect(percentageOf(scroll_depth_px, { offset: 100, viewport_height: 500, content_height: 600 })).toBe(100);
  });

  it("counts overscroll as the end of the content, without a reversal", () => {
    expect(depthOf([0, 250, 500, 560, 500], 500, 1_000)).toMatchObject({ scroll_depth_px: 1_000, reversals: 0 });
    expect(depthOf([0, -40, 0, 100], 500, 1_000)).toMatchObject({ reversals: 0 });
  });

  it("has one reversal for each change of direction", () => {
    expect(depthOf([0, 100, 200, 200, 150, 100, 120], 500, 2_000)?.reversals).toBe(2);
  });
});
