import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { FeatureValue } from "@tidemark/schema";
import { type ModelSet, readModel } from "../../src/models/model.ts";

type Rows = readonly (readonly FeatureValue[])[];

/** A model file with the predictions of the library that trained the model. */
export interface LibraryCase {
  name: string;
  file: unknown;
  /** Predictions for the common rows. */
  predictions: readonly number[];
  /** Rows in which a feature is at a threshold of the model, or next to it. */
  near: { rows: Rows; predictions: readonly number[] };
}

/** The output of `libraries/libraries.py`. */
export interface LibraryCases {
  versions: string;
  features: readonly string[];
  rows: Rows;
  cases: readonly LibraryCase[];
}

export const readCases = (path: string): LibraryCases => JSON.parse(gunzipSync(readFileSync(path)).toString());

/** The set of the models. */
export const setOf = ({ features }: Pick<LibraryCases, "features">): ModelSet => ({
  ...{ name: "purchase_intent", version: 1, hash: "33362c374d32" },
  features,
});

/** The largest difference from the library: absolute for predictions up to 1, relative above. */
export const differenceOf = ({ file, predictions, near }: LibraryCase, cases: LibraryCases): number => {
  const { predict } = readModel(file, setOf(cases));
  const differences = (rows: Rows, expected: readonly number[]) =>
    rows.map((row, index) => {
      const number = expected[index] as number;
      return Math.abs(predict(row) - number) / Math.max(1, Math.abs(number));
    });
  // `Math.max` of so many arguments exceeds the stack.
  return [...differences(cases.rows, predictions), ...differences(near.rows, near.predictions)].reduce(
    (largest, each) => Math.max(each, largest),
    0,
  );
};
