import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type LocalStack, startLocalStack } from "@tidemark/cli/local-stack";
import { openLog } from "@tidemark/cli/log";
import type { ReactionPayload } from "@tidemark/schema/log";
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

/** The steps of reactions of a session in the log, in order. */
const readReactions = async (session: string): Promise<ReactionPayload[]> => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-visit-"));
  const { collector, adminKey } = stack;
  const log = await openLog({ folder }, { url: collector.origin, adminKey }, { id: "demo", features: config.features });
  try {
    const rows = await log.database.all(
      `SELECT payload FROM log_records WHERE kind = 'reaction' AND session_id = '${session}' ORDER BY arrival`,
    );
    return rows.map(({ payload }) => JSON.parse(String(payload)));
  } finally {
    log.close();
    await rm(folder, { recursive: true });
  }
};

describe("a scripted visit in a real browser", () => {
  it("results in a vector that agrees with the script's counts, and is in the log", async () => {
    const result = await runScriptedVisit(stack);
    expectVectorOf(result);
    const { session, events, predictions, reactions } = result;
    expect(events.duplicates).toBe(0);
    const log = await countLog(stack, { id: "demo", features: config.features }, events.accepted);
    expect(log).toEqual({ events: events.accepted, duplicates: 0, files: 1 });
    const [site] = config.sites;
    const prediction = await measurePrediction(stack, `${site?.key}`, predictions);
    expect(prediction).toEqual({ model: "purchase", value: predictions?.purchase?.value, ms: expect.any(Number) });
    expect(prediction?.value).toBeGreaterThan(0);
    expect(prediction?.value).toBeLessThan(1);
    expect(reactions).toEqual([{ name: "hesitation", ms: expect.any(Number) }]);
    expect(reactions[0]?.ms).toBeGreaterThanOrEqual(0);
    const recorded = await readReactions(result.session_id);
    expect(recorded.map(({ step }) => step)).toEqual(["fired", "received"]);
    // The record has the cause: the rule, the part of the vector that it reads, and the version of the model.
    const [{ rule, features = {}, predictions: { purchase } = {}, arm } = {} as ReactionPayload] = recorded;
    expect([rule, arm]).toEqual([config.reactions?.[0]?.when, "treatment"]);
    expect(Number(features.hover_count) - Number(features.hover_click_count)).toBe(2);
    expect(purchase).toEqual({ value: expect.any(Number), version: 1 });
    expect(purchase?.value).toBeLessThan(0.5);
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
    expect(result.reactions.map(({ name }) => name)).toEqual(["hesitation"]);
  });
});
