import type { AggregateFeature, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived } from "@tidemark/schema/derivation-order";
import { expect } from "vitest";
import { evaluate } from "../../src/expression.ts";

type Vector = Record<string, FeatureValue>;

/** Relative difference of two numbers. */
const relativeDifference = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));

/**
 * Allowed differences between SQL and the engine, by type of aggregate. Sketches differ from SQL's exact value by their
 * documented bound, and sums of fractions by the order of addition.
 */
const bounds: Partial<Record<AggregateFeature["aggregate"]["type"], (engine: number, sql: number) => boolean>> = {
  quantile: (engine, sql) => Math.abs(sql) < 1e-6 || Math.abs(engine - sql) <= 0.02 * Math.abs(sql) * (1 + 1e-9),
  distinct: (engine, sql) => (sql <= 128 ? engine === sql : relativeDifference(engine, sql) <= 4 * 0.0325),
  decayed_count: (engine, sql) => relativeDifference(engine, sql) <= 1e-9,
  latest_per_view: (engine, sql) => (Number.isInteger(sql) ? engine === sql : relativeDifference(engine, sql) <= 1e-9),
};

/** Normalizes -0 to 0: no rule defines which of them `min` returns, and JSON has one zero only. */
const withoutNegativeZero = (value: FeatureValue): FeatureValue => (typeof value === "number" ? value + 0 : value);

/**
 * Expects a vector of SQL to agree with the engine's: bit for bit where the aggregate is exact, and within its bound
 * otherwise. A derived feature of SQL must follow from SQL's own values.
 */
export const expectAgreement = (features: readonly Feature[], sql: Vector, engine: Vector, about: string): void => {
  const derived = new Map(features.filter(isDerived).map((feature) => [feature.name, feature]));
  expect(Object.keys(sql), about).toEqual(features.map(({ name }) => name));
  for (const feature of features) {
    const { name } = feature;
    const [sqlValue, engineValue] = [
      withoutNegativeZero(sql[name] as FeatureValue),
      withoutNegativeZero(engine[name] as FeatureValue),
    ];
    const definition = derived.get(name);
    if (definition) {
      expect({ [name]: sqlValue }, about).toEqual({
        [name]: withoutNegativeZero(evaluate(definition.derive, (read) => sql[read] ?? null)),
      });
      continue;
    }
    const isWithin = bounds[(feature as AggregateFeature).aggregate.type];
    if (isWithin && typeof sqlValue === "number" && typeof engineValue === "number") {
      expect(
        isWithin(engineValue, sqlValue),
        `${about}: ${name} is ${sqlValue} in SQL and ${engineValue} in the engine`,
      ).toBe(true);
    } else expect({ [name]: sqlValue }, about).toEqual({ [name]: engineValue });
  }
};
