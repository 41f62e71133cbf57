import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readingDetails } from "../../src/enrichments/reading-details.ts";
import type { SignalContext } from "../../src/events/signal.ts";

let visibilityState: string;
beforeEach(() => {
  visibilityState = "visible";
  const prototype = {
    get visibilityState() {
      return visibilityState;
    },
  };
  vi.stubGlobal("document", Object.create(prototype));
});
afterEach(() => vi.unstubAllGlobals());

const context = { runs() {} } as unknown as SignalContext;

const VIEWPORT = 100;
const CONTENT = 1_000;
const at = (offset: number) => ({ offset, viewport_height: VIEWPORT, content_height: CONTENT });

describe("readingDetails", () => {
  it("counts each visible millisecond in the tenth at the middle of the viewport", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ offset: fc.nat(900), stay: fc.nat(5_000) }), { minLength: 1 }), (stays) => {
        const reading = readingDetails()(context);
        const expected = Array<number>(10).fill(0);
        let time = 0;
        for (const { offset, stay } of stays) {
          reading.update(at(offset), offset + VIEWPORT, time);
          time += stay;
          const tenth = Math.floor((offset + VIEWPORT / 2) / (CONTENT / 10));
          expected[tenth] = (expected[tenth] ?? 0) + stay;
        }
        reading.update(at(0), CONTENT, time);
        expect(reading.fields().tenths_ms).toEqual(expected);
      }),
    );
  });

  it("counts no time while the page is hidden", () => {
    const reading = readingDetails()(context);
    reading.update(at(0), 100, 0);
    visibilityState = "hidden";
    reading.update(at(0), 100, 1_000);
    visibilityState = "visible";
    reading.update(at(0), 100, 61_000);
    reading.update(at(0), 100, 61_500);
    expect(reading.fields().tenths_ms?.[0]).toBe(1_500);
  });

  it("requests one report for each milestone that is passed", () => {
    const reading = readingDetails({ milestones: [25, 50] })(context);
    const requests = [0, 150, 160, 450, 300].map((offset, time) => reading.update(at(offset), offset + VIEWPORT, time));
    expect(requests).toEqual([false, true, false, true, false]);
    expect(reading.fields().milestone).toBe(50);
  });

  it("reports the fastest movement, without jumps after a pause", () => {
    const reading = readingDetails()(context);
    reading.update(at(0), 100, 0);
    reading.update(at(50), 150, 100);
    reading.update(at(60), 160, 200);
    reading.update(at(900), 1_000, 5_000);
    expect(reading.fields().velocity_max).toBe(500);
  });
});
