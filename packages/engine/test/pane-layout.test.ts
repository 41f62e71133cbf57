import { cumulative, hopping, lifetime, session, tumbling } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { paneLayoutOf } from "../src/pane-layout.ts";

describe("paneLayoutOf", () => {
  it("divides a hopping window into panes of its step, and any other window of fixed size into one pane", () => {
    expect(paneLayoutOf(hopping({ every_ms: 10_000, panes: 6 }))).toEqual({ pane_ms: 10_000, pane_count: 6 });
    expect(paneLayoutOf(tumbling(86_400_000))).toEqual({ pane_ms: 86_400_000, pane_count: 1 });
    expect(paneLayoutOf(cumulative({ every_ms: 3_600_000, panes: 24 }))).toEqual({
      pane_ms: 86_400_000,
      pane_count: 1,
    });
  });

  it("returns null for a session and a lifetime", () => {
    expect([session(), lifetime()].map(paneLayoutOf)).toEqual([null, null]);
  });
});
