import { defaultFeatures, type Feature, lifetime, session } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import { compileFeatures } from "../src/compile-features.ts";
import { versionOf } from "../src/definition-version.ts";

const count = { description: "D.", unit: "count", source: "custom", aggregate: { type: "count" } } as const;
const ofSession: Feature = { ...count, name: "events", entity: "session", window: session() };
const ofPage: Feature = { ...count, name: "page_events", entity: "page", window: lifetime() };
const ofProduct: Feature = {
  ...count,
  name: "product_events",
  entity: { name: "product", field: "properties.sku" },
  window: lifetime(),
};
const ofUser: Feature = { ...count, name: "user_events", entity: "user", window: lifetime() };

describe("compileFeatures", () => {
  it("creates one engine for each entity: the session's separately, and the user's first", () => {
    const { session, rollups } = compileFeatures([ofProduct, ofSession, ofPage, ofUser]);
    expect(Object.keys(session.vector(session.emptyState(), 0))).toEqual(["events"]);
    expect(
      [...rollups].map(([entity, { engine }]) => [entity, Object.keys(engine.vector(engine.emptyState(), 0))]),
    ).toEqual([
      ["user", ["user_events"]],
      ["product", ["product_events"]],
      ["page", ["page_events"]],
    ]);
  });

  it("creates the engines of session and user without a feature for them", () => {
    const { session, rollups } = compileFeatures([]);
    expect(session.vector(session.emptyState(), 0)).toEqual({});
    expect([...rollups.keys()]).toEqual(["user"]);
  });

  it("returns the layouts of all entities except the session", () => {
    const { rollups, layouts } = compileFeatures(defaultFeatures);
    expect(layouts).toEqual(Object.fromEntries([...rollups].map(([entity, { engine }]) => [entity, engine.layout])));
    expect(Object.keys(layouts)).not.toContain("session");
  });

  it("rejects contradictory features", () => {
    expect(() => compileFeatures([ofPage, ofPage])).toThrow("feature page_events is defined twice");
  });
});

describe("versionOf", () => {
  it("is 12 hex digits, and equal for equal definitions", () => {
    expect(versionOf(defaultFeatures)).toMatch(/^[0-9a-f]{12}$/);
    expect(versionOf(structuredClone(defaultFeatures) as readonly Feature[])).toBe(versionOf(defaultFeatures));
    expect(compileFeatures([ofPage]).version).toBe(versionOf([ofPage]));
  });

  it("does not change between releases, because sessions and responses contain it", () => {
    expect(versionOf([])).toBe("4f53cda18c2b");
  });

  it("differs for another order, name or description", () => {
    const versions = [
      [ofPage, ofUser],
      [ofUser, ofPage],
      [ofPage],
      [{ ...ofPage, name: "other" }],
      [{ ...ofPage, description: "Other." }],
    ].map(versionOf);
    expect(new Set(versions).size).toBe(versions.length);
  });
});
