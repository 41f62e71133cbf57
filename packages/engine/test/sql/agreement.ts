import type { AggregateFeature, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { expect } from "vitest";
import { evaluate } from "../../src/expression.ts";

type Vector = Record<string, FeatureValue>;

/** Share by which two numbers differ. */
const apart = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b)));

/**
 * Features whose values in SQL may differ from the engine's, by how much: sketches by their documented bound, against SQL's exact
 * value; sums of fractions by the order of addition.
 */
const bounds: Partial<Record<AggregateFeature["aggregate"]["type"], (engine: number, sql: number) => boolean>> = {
  quantile: (engine, sql) => Math.abs(sql) < 1e-6 || Math.abs(engine - sql) <= 0.02 * Math.abs(sql) * (1 + 1e-9),
  distinct: (engine, sql) => (sql <= 128 ? engine === sql : apart(engine, sql) <= 4 * 0.0325),
  decayed_count: (engine, sql) => apart(engine, sql) <= 1e-9,
  latest_per_view: (engine, sql) => (Number.isInteger(sql) ? engine === sql : apart(engine, sql) <= 1e-9),
};

/** A value without the sign of its zero: 0 and -0 are equal, and which of them `min` picks is nobody's rule. JSON has but one. */
const plain = (value: FeatureValue): FeatureValue => (typeof value === "number" ? value + 0 : value);

/**
 * Expects a vector of SQL to agree with the engine's: to the bit where the aggregate is exact, and within its bound where it is a
 * sketch; what is derived follows from SQL's own values as the engine's does from its own.
 */
export const expectAgreement = (features: readonly Feature[], sql: Vector, engine: Vector, about: string): void => {
  const derived = new Map(features.filter(isDerived).map((feature) => [feature.name, feature]));
  expect(Object.keys(sql), about).toEqual(features.map(({ name }) => name));
  for (const feature of features) {
    const { name } = feature;
    const [told, kept] = [plain(sql[name] as FeatureValue), plain(engine[name] as FeatureValue)];
    const definition = derived.get(name);
    if (definition) {
      expect({ [name]: told }, about).toEqual({
        [name]: plain(evaluate(definition.derive, (read) => sql[read] ?? null)),
      });
      continue;
    }
    const isWithin = bounds[(feature as AggregateFeature).aggregate.type];
    if (isWithin && typeof told === "number" && typeof kept === "number") {
      expect(isWithin(kept, told), `${about}: ${name} is ${told} in SQL and ${kept} in the engine`).toBe(true);
    } else expect({ [name]: told }, about).toEqual({ [name]: kept });
  }
};
