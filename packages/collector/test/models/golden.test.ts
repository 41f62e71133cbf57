import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { differenceOf, readCases } from "./library-cases.ts";

const golden = readCases(join(import.meta.dirname, "golden.json.gz"));

describe(`predictions of ${golden.versions}`, () => {
  it.each(golden.cases.map((each) => [each.name, each] as const))("%s", (_, each) => {
    expect(each.predictions.length).toBe(golden.rows.length);
    expect(differenceOf(each, golden)).toBeLessThan(1e-6);
  });

  const exact = ["xgboost reg:squarederror", "xgboost dart regression", "tidemark-models XGBRegressor"];
  it.each(exact)("%s: in 32 bits, to the last bit", (name) => {
    const found = golden.cases.find((each) => each.name === name);
    expect(found && differenceOf(found, golden)).toBe(0);
  });
});
