import type { FeatureValue } from "@tidemark/schema";

/** A single value that a list or a feature may have. `null` stands for a missing one. */
export type Category = string | number | boolean | null;

/** A number that a model computes with, made of one value of a vector. NaN is a missing one. */
export interface Column {
  /** Index of the feature in the set. */
  feature: number;
  encode(value: FeatureValue): number;
}

/** Reads a number, or a boolean as 1 or 0. Anything else is missing. */
export const numberOf = (value: FeatureValue): number => {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  return typeof value === "boolean" ? Number(value) : Number.NaN;
};

/**
 * Returns a function that reads a value as its position in a list of categories.
 *
 * @param unknown The number for a value that is not in the list.
 */
export const codeIn = (categories: readonly Category[], unknown: number): ((value: FeatureValue) => number) => {
  const codes = new Map<FeatureValue, number>(categories.map((category, code) => [category, code]));
  return (value) => codes.get(value) ?? (value === null ? Number.NaN : unknown);
};

/** Returns a function that writes all columns of a vector into one row, which the next call overwrites. */
export const encoderOf = (
  columns: readonly Column[],
  isFloat32: boolean,
): ((values: readonly FeatureValue[]) => Float64Array) => {
  const row = new Float64Array(columns.length);
  const encoders = columns.map(({ encode }) => encode);
  const features = Int32Array.from(columns, ({ feature }) => feature);
  return (values) => {
    for (let index = 0; index < row.length; index += 1) {
      const value = (encoders[index] as Column["encode"])(values[features[index] as number] ?? null);
      row[index] = isFloat32 ? Math.fround(value) : value;
    }
    return row;
  };
};
