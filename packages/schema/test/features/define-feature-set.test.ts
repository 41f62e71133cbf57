import { describe, expect, it } from "vitest";
import { featuresInSet, modelsInSet } from "../../src/features/entities.ts";
import { defaultFeatures, defineFeatureSet } from "../../src/index.ts";

const set = { name: "purchase_intent", version: 1, entity: "session", features: ["dwell_ms", "click_count"] } as const;

describe("defineFeatureSet", () => {
  it("returns the set", () => {
    expect(defineFeatureSet(set)).toBe(set);
  });

  it.each([
    [
      { ...set, name: "Purchase" },
      "feature set Purchase: name: expected a name in snake_case of at most 64 characters",
    ],
    [{ ...set, version: 0 }, "version: expected a whole number from 1 on; given 0"],
    [{ ...set, features: [] }, "features: expected at least one name, in an array; given []"],
    [{ ...set, features: ["dwell_ms", "dwell_ms"] }, 'features: expected each name once; given "dwell_ms"'],
    [{ ...set, log: 0 }, "log: expected true, false, or a share above 0 and up to 1; given 0"],
    [{ ...set, log: 1.5 }, "log: expected true, false, or a share above 0 and up to 1; given 1.5"],
    [{ ...set, feature: [] }, 'unknown key: expected one of name, version, entity, features, log; given "feature"'],
  ])("names what is wrong in %j", (wrong, message) => {
    expect(() => defineFeatureSet(wrong as never)).toThrow(message);
  });
});

describe("featuresInSet", () => {
  it("returns the definitions in the order of the set", () => {
    expect(
      featuresInSet({ ...set, features: ["click_count", "dwell_ms"] }, defaultFeatures).map(({ name }) => name),
    ).toEqual(["click_count", "dwell_ms"]);
  });

  it("leaves out the predictions of models, which have no definition", () => {
    const given = { ...set, features: ["click_count", "prediction.purchase"] };
    expect(featuresInSet(given, defaultFeatures).map(({ name }) => name)).toEqual(["click_count"]);
    expect(modelsInSet(given)).toEqual(["purchase"]);
  });

  it.each([
    ["clicks", "given clicks: it is not defined"],
    ["page_views", "expected features of session; given page_views: it is a feature of page"],
  ])("names the feature %s that the entity does not have", (name, message) => {
    expect(() => featuresInSet({ ...set, features: [name] }, defaultFeatures)).toThrow(message);
  });
});
