import { cumulative, hopping, lifetime, session, tumbling } from "@tidemark/schema";
import { expect, it } from "vitest";
import { paneLayoutOf } from "../src/pane-layout.ts";

it("cuts a hopping window into panes of its step, and gives others that have a size one pane", () => {
  expect(paneLayoutOf(hopping({ every_ms: 10_000, panes: 6 }))).toEqual({ pane_ms: 10_000, panes: 6 });
  expect(paneLayoutOf(tumbling(86_400_000))).toEqual({ pane_ms: 86_400_000, panes: 1 });
  expect(paneLayoutOf(cumulative({ every_ms: 3_600_000, panes: 24 }))).toEqual({ pane_ms: 86_400_000, panes: 1 });
});

it("gives a window without a size none", () => {
  expect([session(), lifetime()].map(paneLayoutOf)).toEqual([null, null]);
});
