import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { derivationOrder, featuresIn, isDerived } from "../../src/features/derivation-order.ts";
import { type Entity, type Expression, type Feature, lifetime } from "../../src/index.ts";

const named = { description: "D.", unit: "count" } as const;

const count = (name: string, entity: Exclude<Entity, "session"> = "user"): Feature =>
  ({ ...named, name, entity, source: "custom", aggregate: { type: "count" }, window: lifetime() }) as Feature;

const derived = (name: string, derive: Expression, entity: Entity = "user"): Feature => ({
  ...named,
  name,
  entity,
  derive,
});

/** An expression that adds features. */
const sumOf = (names: readonly string[]): Expression =>
  names.reduce<Expression>((left, feature) => ({ op: "add", left, right: { feature } }), 0);

const orderOf = (...features: Feature[]) => derivationOrder(features).map(({ name }) => name);

describe("featuresIn", () => {
  it("returns the names of all features in an expression", () => {
    const expression: Expression = {
      if: { op: "not", of: { op: "lt", left: { feature: "a" }, right: 3 } },
      then: { op: "add", left: { feature: "b" }, right: { feature: "a" } },
      else: { feature: "c" },
    };
    expect(featuresIn(expression)).toEqual(["a", "b", "a", "c"]);
    expect(featuresIn(7)).toEqual([]);
  });
});

describe("derivationOrder", () => {
  it("puts each derived feature after the features that it reads, for any order of definitions", () => {
    const graph = fc.array(fc.uniqueArray(fc.nat(11), { maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        // Each feature reads only features before it, so that there is no cycle.
        graph.chain((reads) =>
          fc.shuffledSubarray(
            reads.map((all, index) =>
              derived(
                `feature_${index}`,
                sumOf(["base", ...all.filter((read) => read < index).map((read) => `feature_${read}`)]),
              ),
            ),
            { minLength: reads.length },
          ),
        ),
        (features) => {
          const order = derivationOrder([...features, count("base")]);
          expect(new Set(order)).toEqual(new Set(features));
          const placeOf = new Map(order.map(({ name }, place) => [name, place]));
          for (const { name, derive } of order) {
            for (const read of featuresIn(derive)) {
              expect(placeOf.get(read) ?? -1).toBeLessThan(placeOf.get(name) as number);
            }
          }
        },
      ),
    );
  });

  it("omits features computed from events", () => {
    expect(orderOf(count("a"), derived("b", { feature: "a" }))).toEqual(["b"]);
    expect([count("a"), derived("b", 1)].map(isDerived)).toEqual([false, true]);
  });

  it("contains a feature that several features read once", () => {
    expect(
      orderOf(
        derived("top", sumOf(["left", "right"])),
        derived("left", { feature: "base" }),
        derived("right", { feature: "base" }),
        derived("base", 1),
      ),
    ).toEqual(["base", "left", "right", "top"]);
  });

  it.each<[string, Feature[], string]>([
    [
      "two features with one name",
      [count("a"), count("a", "page")],
      "feature a is defined twice: give one another name",
    ],
    [
      "one entity with two fields",
      [count("a", { name: "item", field: "properties.sku" }), count("b", { name: "item", field: "properties.id" })],
      'feature b: entity item is both {"name":"item","field":"properties.sku"} and {"name":"item","field":"properties.id"}',
    ],
    ["an unknown feature", [derived("a", { feature: "b" })], "feature a is derived from b, which is not defined"],
    [
      "a feature of another entity",
      [count("a", "page"), derived("b", { feature: "a" })],
      "feature b of entity user is derived from a of entity page; expected one of the same entity",
    ],
    ["a feature that reads itself", [derived("a", { feature: "a" })], "feature a is derived from itself: a <- a"],
    [
      "features that read each other in a cycle",
      [derived("a", { feature: "b" }), derived("b", { feature: "c" }), derived("c", { feature: "b" })],
      "feature b is derived from itself: b <- c <- b",
    ],
  ])("rejects %s", (_, features, message) => {
    expect(() => derivationOrder(features)).toThrow(message);
  });
});
