import { defaultFeatures, type FeatureSet } from "@tidemark/schema";
import { expect, it } from "vitest";
import { servedSet } from "../src/definition-version.ts";

const set: FeatureSet = { name: "intent", version: 1, entity: "session", features: ["click_count", "dwell_ms"] };
const hashOf = (features: string[], definitions = defaultFeatures) => servedSet({ ...set, features }, definitions).hash;

it("the hash of a set changes with its features, their definitions, and the models whose predictions it has", () => {
  const changed = defaultFeatures.map((feature) =>
    feature.name === "click_count" ? { ...feature, description: "Changed." } : feature,
  ) as unknown as typeof defaultFeatures;
  const hashes = [
    hashOf(["click_count", "dwell_ms"]),
    hashOf(["click_count"]),
    hashOf(["click_count", "dwell_ms"], changed),
    hashOf(["click_count", "dwell_ms", "prediction.purchase"]),
    hashOf(["click_count", "dwell_ms", "prediction.other"]),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashOf(["dwell_ms"], changed)).toBe(hashOf(["dwell_ms"]));
});
