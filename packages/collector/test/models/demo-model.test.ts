import { expect, it } from "vitest";
import evaluation from "../../../../examples/training/purchase.evaluation.json" with { type: "json" };
import file from "../../../../examples/training/purchase.json" with { type: "json" };
import config from "../../../../tidemark.config.ts";
import { loadedModel } from "../../src/predictions/embedded-models.ts";
import { createTenants, tenantOf } from "../../src/tenants.ts";

const { models } = tenantOf(createTenants(config), "demo");

it.each(models)("the demo's model $name loads, and predicts more for a visitor who does more", (model) => {
  const loaded = loadedModel(model);
  // A changed definition of a feature of the set refuses the file: README.md in examples/training shows how to write it again.
  expect(loaded).not.toHaveProperty("refused");
  const { predict } = (loaded as { model: { predict(values: readonly (number | null)[]): number } }).model;
  expect(model.input.features).toEqual([
    ...["engagement_score", "page_view_count", "dwell_ms", "scroll_depth_max", "click_count", "hover_count"],
  ]);
  const [first, busy] = [predict([5, 1, 2_000, null, 0, 0]), predict([60, 6, 50_000, 100, 4, 8])];
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThan(0.1);
  expect(busy).toBeGreaterThan(0.5);
  expect(busy).toBeLessThan(1);
});

it("the demo's model has an evaluation for the same set, which is close to the known probabilities", () => {
  const { set, positives, scores } = evaluation;
  expect(set).toEqual(file.set);
  expect(positives).toBeGreaterThan(100);
  expect(scores.model.AUC).toBeGreaterThan(scores["known probability"].AUC - 0.02);
});
