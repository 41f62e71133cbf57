import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDepthGauge, percentageOf } from "../../src/measures/depth.ts";

const geometry = fc.record({
  offset: fc.integer({ min: -200, max: 20_000 }),
  viewport_height: fc.integer({ min: 1, max: 2_000 }),
  content_height: fc.integer({ min: 1, max: 20_000 }),
});

/** What a gauge says of a scroller that stood at these offsets, one a millisecond. */
const depthOf = (offsets: number[], viewport_height: number, content_height: number) => {
  const gauge = createDepthGauge();
  const depths = offsets.map((offset, time) => gauge({ offset, viewport_height, content_height }, time));
  return depths.at(-1);
};

describe("depth", () => {
  it("is a share from 0 to 100, whatever the scroller claims", () => {
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

  it("never gets less, and remembers when the deepest edge was reached", () => {
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

  it("is 100 on content that fits the viewport, to the pixel of rounding", () => {
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 700 })).toBe(100);
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 701 })).toBe(100);
    expect(percentageOf(700, { offset: 0, viewport_height: 700, content_height: 1_400 })).toBe(50);
  });

  it("is measured against the content as it is now: it falls when the page grows, and is 100 at most when it shrinks", () => {
    const gauge = createDepthGauge();
    const { scroll_depth_px } = gauge({ offset: 500, viewport_height: 500, content_height: 1_000 }, 0);
    expect(percentageOf(scroll_depth_px, { offset: 500, viewport_height: 500, content_height: 4_000 })).toBe(25);
    expect(percentageOf(scroll_depth_px, { offset: 100, viewport_height: 500, content_height: 600 })).toBe(100);
  });

  it("takes overscroll for the end that it bounced from, and counts no reversal for it", () => {
    expect(depthOf([0, 250, 500, 560, 500], 500, 1_000)).toMatchObject({ scroll_depth_px: 1_000, reversals: 0 });
    expect(depthOf([0, -40, 0, 100], 500, 1_000)).toMatchObject({ reversals: 0 });
  });

  it("counts a change of direction once", () => {
    expect(depthOf([0, 100, 200, 200, 150, 100, 120], 500, 2_000)?.reversals).toBe(2);
  });
});
