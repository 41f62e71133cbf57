import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pythonPackages } from "../interop/install.ts";

/**
 * @shows the notebook in examples/training trains a calibrated model on generated visits, almost as good as the known probabilities, and exports the model of the demo
 * @needs Python 3.11 or later with pip; installs pandas, pyarrow, scikit-learn and nbclient (400 MB) once
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "packages/cli/src/main.ts");
const EXAMPLE = join(ROOT, "examples/training");
const NOTEBOOK = join(EXAMPLE, "training.ipynb");
const EXPORTER = join(ROOT, "clients/models");

const PACKAGES = ["pandas==3.1.1", "pyarrow==26.0.1", "scikit-learn==1.9.1", "nbclient==0.11.0", "ipykernel==7.4.0"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-training-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tidemark = (...args: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });

const readJson = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** The numbers of a value, in their order. */
const numbersIn = (value: unknown): number[] => {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
};

/** A copy of a value in which each number is 0. */
const shapeOf = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each) => (typeof each === "number" ? 0 : each));

/** The rows of the table of evaluations, by their names. */
const evaluationsIn = (text: string): Record<string, number[]> => {
  const lines = text.slice(text.indexOf("Evaluation on")).split("\n");
  const rows = lines.flatMap((line) => {
    const [, name, numbers] = /^([a-z ]*[a-z])\s+((?:[\d.]+\s*){4})$/.exec(line) ?? [];
    return name && numbers ? [[name, numbers.trim().split(/\s+/).map(Number)] as const] : [];
  });
  return Object.fromEntries(rows);
};

it("ends in a calibrated model, judged on held-out sessions", async () => {
  const python = await pythonPackages(...PACKAGES);
  tidemark(
    "generate-visits",
    "--sessions",
    "20000",
    "--seed",
    "1",
    "--from",
    "2026-10-01",
    "--out",
    join(folder, "visits"),
  );
  const set = join(folder, "training.parquet");
  const labels = ["--labels", join(folder, "visits/truth.csv"), "--set", "purchase_intent", "--out", set];
  console.log(tidemark("training-set", "--log", join(folder, "visits"), ...labels));

  const model = join(folder, "purchase.json");
  const text = execFileSync("python3", [join(EXAMPLE, "run.py")], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: `${python}:${EXPORTER}`, TRAINING_SET: set, MODEL: model },
  });
  console.log(text);
  const { model: scores = [], "constant guess": guess = [], "known probability": known = [] } = evaluationsIn(text);
  const [logLoss = 0, brier = 0, auc = 0, calibrationError = 1] = scores;
  const [leastLoss = 0, leastBrier = 0, bestAuc = 0] = known;
  const [guessLoss = 0] = guess;
  // The model reaches nine tenths of what the known probabilities gain over a constant guess.
  expect((guessLoss - logLoss) / (guessLoss - leastLoss)).toBeGreaterThan(0.9);
  expect(brier).toBeLessThan(1.05 * leastBrier);
  expect(auc).toBeGreaterThan(bestAuc - 0.02);
  expect(calibrationError).toBeLessThan(0.03);

  // The demo's model is this one: the same seed gives the same file. Sums of floating-point numbers depend on the processor.
  for (const name of ["purchase.json", "purchase.evaluation.json"]) {
    const { trained: _, ...made } = readJson(join(folder, name));
    const { trained: __, ...stored } = readJson(join(EXAMPLE, name));
    expect(shapeOf(made)).toEqual(shapeOf(stored));
    const numbers = numbersIn(stored);
    numbersIn(made).forEach((number, index) => {
      expect(number).toBeCloseTo(numbers[index] as number, 4);
    });
  }
}, 600_000);

it("is stored without outputs, and fits on a page of cells", () => {
  const { cells } = JSON.parse(readFileSync(NOTEBOOK, "utf8")) as {
    cells: { outputs?: unknown[]; source: string[] }[];
  };
  expect(cells.flatMap(({ outputs = [] }) => outputs)).toEqual([]);
  expect(cells.flatMap(({ source }) => source).length).toBeLessThan(90);
});
