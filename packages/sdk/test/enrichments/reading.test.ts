import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reading } from "../../src/enrichments/reading.ts";

let visibilityState: string;
beforeEach(() => {
  visibilityState = "visible";
  vi.stubGlobal("document", {
    get visibilityState() {
      return visibilityState;
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

const VIEWPORT = 100;
const CONTENT = 1_000;
const at = (offset: number) => ({ offset, viewport_height: VIEWPORT, content_height: CONTENT });

describe("reading", () => {
  it("gives every visible millisecond to the tenth in which the middle of the viewport stood", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ offset: fc.nat(900), stay: fc.nat(5_000) }), { minLength: 1 }), (stays) => {
        const detail = reading()();
        const expected = Array<number>(10).fill(0);
        let time = 0;
        for (const { offset, stay } of stays) {
          detail.update(at(offset), offset + VIEWPORT, time);
          time += stay;
          const tenth = Math.floor((offset + VIEWPORT / 2) / (CONTENT / 10));
          expected[tenth] = (expected[tenth] ?? 0) + stay;
        }
        detail.update(at(0), CONTENT, time);
        expect(detail.fields().tenths_ms).toEqual(expected);
      }),
    );
  });

  it("gives nothing to a page that is hidden", () => {
    const detail = reading()();
    detail.update(at(0), 100, 0);
    visibilityState = "hidden";
    detail.update(at(0), 100, 1_000);
    visibilityState = "visible";
    detail.update(at(0), 100, 61_000);
    detail.update(at(0), 100, 61_500);
    expect(detail.fields().tenths_ms?.[0]).toBe(1_500);
  });

  it("asks for a report when a milestone is passed, once for each", () => {
    const detail = reading({ milestones: [25, 50] })();
    const news = [0, 150, 160, 450, 300].map((offset, time) => detail.update(at(offset), offset + VIEWPORT, time));
    expect(news).toEqual([false, true, false, true, false]);
    expect(detail.fields().milestone).toBe(50);
  });

  it("knows the fastest movement, and takes a jump after a rest for none", () => {
    const detail = reading()();
    detail.update(at(0), 100, 0);
    detail.update(at(50), 150, 100);
    detail.update(at(60), 160, 200);
    detail.update(at(900), 1_000, 5_000);
    expect(detail.fields().velocity_max).toBe(500);
  });
});
