import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_SITE } from "../../scripts/example-site.ts";
import { countLog } from "../../scripts/visit/log-counts.ts";
import { measurePrediction } from "../../scripts/visit/prediction.ts";
import { readVector, runScriptedVisit, type VisitResult } from "../../scripts/visit/scripted-visit.ts";
import config from "../../tidemark.config.ts";

/** Largest allowed difference between the engaged times of the script and the vector, in milliseconds. */
const DWELL_TOLERANCE_MS = 250;

/** Largest allowed difference between the scroll depths, in percentage points. */
const DEPTH_TOLERANCE = 1;

let stack: LocalStack;
beforeAll(async () => {
  stack = await startLocalStack({ site: EXAMPLE_SITE });
});
afterAll(() => stack?.stop());

const expectVectorOf = ({ session, script, events }: VisitResult) => {
  expect(events).toMatchObject({ rejected: 0, lost: 0 });
  expect(events.accepted).toBe(session.event_count);
  expect(session).toMatchObject({
    click_count: script.click_count,
    hover_count: script.hover_count,
    page_view_count: script.page_view_count,
    custom_event_count: script.custom_event_count,
    entry_path: "/article.html",
    current_path: "/products.html",
  });
  expect(Math.abs(Number(session.scroll_depth_max) - script.scroll_depth_max)).toBeLessThanOrEqual(DEPTH_TOLERANCE);
  expect(Math.abs(Number(session.dwell_ms) - script.dwell_ms)).toBeLessThanOrEqual(DWELL_TOLERANCE_MS);
};

describe("a scripted visit in a real browser", () => {
  it("results in a vector that agrees with the script's counts, and is in the log", async () => {
    const result = await runScriptedVisit(stack);
    expectVectorOf(result);
    const { session, events, predictions } = result;
    expect(events.duplicates).toBe(0);
    const log = await countLog(stack, { id: "demo", features: config.features }, events.accepted);
    expect(log).toEqual({ events: events.accepted, duplicates: 0, files: 1 });
    const [site] = config.sites;
    const prediction = await measurePrediction(stack, `${site?.key}`, predictions);
    expect(prediction).toEqual({ model: "purchase", value: predictions?.purchase?.value, ms: expect.any(Number) });
    expect(prediction?.value).toBeGreaterThan(0);
    expect(prediction?.value).toBeLessThan(1);
    expect(session.visible_ms).toBeGreaterThan(Number(session.dwell_ms));
    expect(session.session_duration_ms).toBeGreaterThan(Number(session.visible_ms));
    expect(session.scroll_depth_30s).toBeLessThanOrEqual(Number(session.scroll_depth_max));
  });

  it("loses no event when the collector is killed during the visit", async () => {
    let acknowledged = 0;
    const result = await runScriptedVisit(stack, async (session) => {
      const before = await readVector(stack, session);
      acknowledged = before.delivery.received;
      await stack.collector.kill();
      await expect(readVector(stack, session)).rejects.toThrow("fetch failed");
      await stack.collector.restart();
      const after = await readVector(stack, session);
      expect(after.delivery.received).toBeGreaterThanOrEqual(acknowledged);
      expect(after.features.click_count).toBe(before.features.click_count);
    });
    expect(acknowledged).toBeGreaterThan(0);
    expectVectorOf(result);
  });
});
