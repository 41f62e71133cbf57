import { defaultFeatures } from "@tidemark/schema";
import { expect, it } from "vitest";
import { definitionsCode } from "../../src/feast/definitions.ts";

it("a service has the features of its set that have definitions, and no predictions of models", () => {
  const features = ["click_count", "prediction.purchase", "dwell_ms"];
  const set = { name: "chained", version: 1, entity: "session", features };
  const code = definitionsCode({ id: "shop", features: defaultFeatures, featureSets: [set], daysToLive: {} });
  expect(code).toContain('features=[session_features[["click_count", "dwell_ms"]]]');
  expect(code).not.toContain("prediction");
});
