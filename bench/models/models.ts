import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readModel } from "../../packages/collector/src/models/model.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { featureNames, forestOf, setOf, vectorsOf } from "./forest.ts";
import { libraryMeasurements } from "./libraries.ts";
import { budgetFor, rateOf } from "./rate.ts";

/** Numbers of trees and of features. */
const SIZES = [
  [10, 10],
  [60, 10],
  [60, 40],
  [300, 40],
] as const;

/** Number of different vectors. */
const VECTORS = 2_000;

/** A linear model of the same features. */
const linearOf = (features: number) => ({
  ...{ format: "tidemark-model", version: 1, set: { name: "bench", version: 1 } },
  inputs: featureNames(features).map((feature) => ({ feature, kind: "number", steps: [{ fill: 0 }] })),
  model: { kind: "linear", intercept: 0, coefficients: Array(features).fill(0.5), link: "logistic" },
});

const generated = (): Measurement[] =>
  SIZES.map(([trees, features]) => {
    const set = setOf(featureNames(features));
    const vectors = vectorsOf(features, VECTORS);
    return {
      case: `${trees} trees, ${features} features; next to a linear model`,
      value: rateOf(readModel(forestOf(trees, features), set), vectors),
      unit: "predictions/s",
      reference: rateOf(readModel(linearOf(features), set), vectors),
      budget: budgetFor(trees),
      bound: "at_least",
    };
  });

/** The first predictions of a process, before the runtime has compiled the code. */
const cold = (): Measurement[] => {
  const script = fileURLToPath(new URL("cold.ts", import.meta.url));
  const runs = Array.from({ length: 5 }, () =>
    JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })),
  );
  const least = (name: string): number => Math.round(Math.min(...runs.map((run) => run[name])) * 1000) / 1000;
  const later = least("later");
  return [
    {
      case: "reading a file of 60 trees, in a new process",
      value: least("reading"),
      unit: "ms",
      reference: later,
      budget: 100,
    },
    { case: "the first prediction of a new process", value: least("first"), unit: "ms", reference: later, budget: 2 },
    { case: "the next hundred predictions, mean", value: later, unit: "ms", reference: later, budget: 0.2 },
  ];
};

/**
 * Measures embedded models: predictions a second on one thread by trees and features, next to a linear model. With
 * `--libraries` also next to XGBoost, LightGBM and ONNX Runtime in Python, with the same models and rows.
 */
export const models: Bench = async ({ libraries }) =>
  report("models", [...generated(), ...cold(), ...(libraries ? await libraryMeasurements() : [])]);
