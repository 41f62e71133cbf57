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

describe("entityNameOf", () => {
  it("returns the name of a custom or built-in entity", () => {
    expect(features.map(entityNameOf)).toEqual(["product", "session", "product", "session", "user"]);
  });
});

describe("isPerson", () => {
  it.each<[Entity, boolean]>([
    ["user", true],
    ["session", false],
    ["page", false],
    [product, false],
    [{ name: "account", field: "user_id" }, true],
    [{ name: "browser", field: "anonymous_id" }, true],
    [{ name: "user_ids", field: "properties.user_id" }, false],
  ])("returns for %o: %s", (entity, expected) => {
    expect(isPerson(entity)).toBe(expected);
  });
});

describe("isPersonal", () => {
  it("is true unless the stated consent denies personalisation or leaves it pending", () => {
    const isPersonalWith = (personalisation: "granted" | "pending" | "denied") =>
      isPersonal({ measurement: "granted", personalisation });
    expect([
      isPersonal(undefined),
      isPersonalWith("granted"),
      isPersonalWith("pending"),
      isPersonalWith("denied"),
    ]).toEqual([true, true, false, false]);
  });
});

describe("entitiesIn", () => {
  it("returns each entity once, in the order of the definitions", () => {
    expect(entitiesIn(features)).toEqual([product, "session", "user"]);
    expect(entitiesIn([])).toEqual([]);
  });
});

describe("featuresOf", () => {
  it("returns the features of an entity in the order of the definitions", () => {
    const namesOf = (entity: string) => featuresOf(features, entity).map(({ name }) => name);
    expect(["product", "session", "user", "page"].map(namesOf)).toEqual([["a", "c"], ["b", "d"], ["e"], []]);
  });
});
