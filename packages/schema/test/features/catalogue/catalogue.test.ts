import { describe, expect, it } from "vitest";
import { defaultFeatures, type Feature } from "../../../src/index.ts";

describe("the feature catalogue", () => {
  it("has at least 40 features, each with a description and a unit", () => {
    expect(defaultFeatures.length).toBeGreaterThanOrEqual(40);
    for (const { description, unit } of defaultFeatures) {
      expect(description).toMatch(/^[A-Z\d].*\.$/);
      expect(unit).not.toBe("");
    }
  });

  it("has the features that other code refers to by name", () => {
    const named = (name: string) => defaultFeatures.find((feature: Feature) => feature.name === name);
    expect(named("scroll_depth_30s")).toMatchObject({ entity: "session", source: "scroll" });
    expect(named("click_frequency")).toMatchObject({ entity: "session" });
    expect(named("clicks_last_minute")).toMatchObject({
      entity: "user",
      source: "click",
      aggregate: { type: "count" },
      window: { type: "hopping", every_ms: 10_000, panes: 6 },
    });
  });
});
