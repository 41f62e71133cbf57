import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FeatureValue } from "@tidemark/schema";
import { readModel } from "../../packages/collector/src/models/model.ts";
import { pythonPackages } from "../../tests/interop/install.ts";
import type { Measurement } from "../report.ts";
import { setOf } from "./forest.ts";
import { budgetFor, rateOf } from "./rate.ts";

/** A model with the rates of the programs in Python that compute it. */
interface Measured {
  name: string;
  trees: number;
  features: readonly string[];
  file: unknown;
  /** Predictions a second by the name of the program and of its way of use. */
  rates: Record<string, number>;
}

/** Measures embedded models next to the libraries that trained them, and next to ONNX Runtime. Installs these once. */
export const libraryMeasurements = async (): Promise<Measurement[]> => {
  const packages = [
    await pythonPackages("lightgbm==4.7.0", "pandas==3.1.1", "scikit-learn==1.9.1", "xgboost-cpu==3.2.0"),
    await pythonPackages("onnxmltools==1.16.0", "onnxruntime==1.32.0"),
  ];
  const folder = mkdtempSync(join(tmpdir(), "tidemark-bench-models-"));
  try {
    const output = join(folder, "models.json");
    const script = fileURLToPath(new URL("libraries.py", import.meta.url));
    const env = { ...process.env, PYTHONPATH: packages.join(":") };
    execFileSync("python3", ["-B", "-W", "ignore", script, output], { env, stdio: ["ignore", "inherit", "inherit"] });
    const { rows, models } = JSON.parse(readFileSync(output, "utf8")) as { rows: FeatureValue[][]; models: Measured[] };
    return models.flatMap((each) => measurementsOf(each, rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const measurementsOf = ({ name, trees, features, file, rates }: Measured, rows: FeatureValue[][]): Measurement[] => {
  const value = rateOf(readModel(file, setOf(features)), rows);
  return Object.entries(rates).map(([program, reference]) => ({
    ...{
      case: `${name}, ${trees} trees, ${features.length} features; next to ${program}`,
      value,
      unit: "predictions/s",
    },
    ...{ reference: Math.round(reference), budget: budgetFor(trees), bound: "at_least" as const },
  }));
};
