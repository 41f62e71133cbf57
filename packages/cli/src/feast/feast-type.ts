import type { Feature } from "@tidemark/schema";
import { elementKindOf, type ValueKind } from "@tidemark/schema/value-kind";

/** The type of a feature in Feast. */
export interface FeastType {
  /** Its name in Python, such as `Array(String)`. */
  python: string;
  /** Returns the SQL of the feature's values, from a column of a backfill. */
  sql(column: string): string;
}

const FLOAT: FeastType = { python: "Float64", sql: (column) => `CAST(${column} AS DOUBLE)` };
const BOOLEAN: FeastType = { python: "Bool", sql: (column) => `CAST(${column} AS BOOLEAN)` };
const TEXT: FeastType = { python: "String", sql: (column) => `CAST(${column} AS VARCHAR)` };

const TEXTS: FeastType = {
  python: "Array(String)",
  sql: (column) => `CAST(CAST(${column} AS JSON) AS VARCHAR[])`,
};

/** The type of a feature in Feast. A text or number of the same feature is JSON text. */
export const feastTypeOf = (feature: Feature, kind: ValueKind | undefined): FeastType => {
  switch (kind) {
    case "list":
      // Any other list is JSON text: Feast rejects whole numbers in a pushed list of `Float64`.
      return elementKindOf(feature) === "string" ? TEXTS : TEXT;
    case "boolean":
      return BOOLEAN;
    case "string":
    case "free":
      return TEXT;
    default:
      return FLOAT;
  }
};
