import { describe, expect, it } from "vitest";
import { cumulative, hopping, lifetime, session, tumbling } from "../../src/index.ts";

describe("the window functions", () => {
  it("return plain objects", () => {
    expect(hopping({ every_ms: 10_000, panes: 6 })).toEqual({ type: "hopping", every_ms: 10_000, panes: 6 });
    expect(tumbling(1000)).toEqual({ type: "tumbling", size_ms: 1000 });
    expect(cumulative({ every_ms: 60_000, panes: 60 })).toEqual({ type: "cumulative", every_ms: 60_000, panes: 60 });
    expect([session(), lifetime()]).toEqual([{ type: "session" }, { type: "lifetime" }]);
  });

  it("reject sizes and panes that are not positive integers", () => {
    expect(() => tumbling(0)).toThrow("size_ms is 0; expected an integer from 1 to");
    expect(() => hopping({ every_ms: 1.5, panes: 2 })).toThrow("every_ms is 1.5; expected an integer");
    expect(() => cumulative({ every_ms: 1000, panes: 0 })).toThrow("panes is 0; expected an integer from 1 to 1000");
    expect(() => cumulative({ every_ms: Number.NaN, panes: 1 })).toThrow(RangeError);
    expect(() => hopping({ every_ms: 1, panes: 1001 })).toThrow("panes is 1001; expected an integer from 1 to 1000");
  });
});
