import { describe, expect, it } from "vitest";
import { entitiesIn, entityNameOf, featuresOf, isPerson, isPersonal } from "../../src/features/entities.ts";
import { type Entity, type Feature, lifetime, session } from "../../src/index.ts";

const product = { name: "product", field: "properties.sku" } as const;
const count = { description: "D.", unit: "count", source: "custom", aggregate: { type: "count" } } as const;

const features: Feature[] = [
  { ...count, name: "a", entity: product, window: lifetime() },
  { ...count, name: "b", entity: "session", window: session() },
  { ...count, name: "c", entity: { ...product }, window: lifetime() },
  { name: "d", description: "D.", unit: "count", entity: "session", derive: { feature: "b" } },
  { ...count, name: "e", entity: "user", window: lifetime() },
];

describe("an entity", () => {
  it("has its own name, or that of its kind", () => {
    expect(features.map(entityNameOf)).toEqual(["product", "session", "product", "session", "user"]);
  });

  it.each<[Entity, boolean]>([
    ["user", true],
    ["session", false],
    ["page", false],
    [product, false],
    [{ name: "account", field: "user_id" }, true],
    [{ name: "browser", field: "anonymous_id" }, true],
    [{ name: "user_ids", field: "properties.user_id" }, false],
  ])("%o is a person: %s", (entity, expected) => {
    expect(isPerson(entity)).toBe(expected);
  });
});

describe("behaviour", () => {
  it("may be linked to its user when the visitor was not asked, or said yes", () => {
    const answer = (personalisation: "granted" | "pending" | "denied") =>
      isPersonal({ measurement: "granted", personalisation });
    expect([isPersonal(undefined), answer("granted"), answer("pending"), answer("denied")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe("the entities of definitions", () => {
  it("are each named once, in the order in which they appear", () => {
    expect(entitiesIn(features)).toEqual([product, "session", "user"]);
    expect(entitiesIn([])).toEqual([]);
  });

  it("have their features in the order in which these are defined", () => {
    const namesOf = (entity: string) => featuresOf(features, entity).map(({ name }) => name);
    expect(["product", "session", "user", "page"].map(namesOf)).toEqual([["a", "c"], ["b", "d"], ["e"], []]);
  });
});
