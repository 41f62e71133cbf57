import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonPackages } from "../../../../tests/interop/install.ts";
import config from "../../../../tidemark.config.ts";
import { featureSetsOf } from "../../src/config.ts";
import { servedSet } from "../../src/definition-version.ts";
import { readModel } from "../../src/models/model.ts";
import { differenceOf, type LibraryCases, readCases } from "./library-cases.ts";

/**
 * @shows model files predict as XGBoost, LightGBM and scikit-learn do, on 10,000 rows and next to each threshold
 * @needs Python 3.10 or later with pip; installs scikit-learn, XGBoost, LightGBM, pandas, pyarrow and mypy (800 MB) once
 */
const ROOT = join(import.meta.dirname, "../../../..");
const CLIENT = join(ROOT, "clients/models");
const LIBRARIES = join(import.meta.dirname, "libraries/libraries.py");
const MAIN = join(ROOT, "packages/cli/src/main.ts");

let folder: string;
let packages: string[];
let mypy: string;
beforeAll(async () => {
  packages = [
    await pythonPackages("lightgbm==4.7.0", "pandas==3.1.1", "scikit-learn==1.9.1", "xgboost-cpu==3.2.0"),
    await pythonPackages("pandas==3.1.1", "pyarrow==26.0.1"),
  ];
  mypy = await pythonPackages("mypy==2.4.1");
  folder = mkdtempSync(join(tmpdir(), "tidemark-models-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const python = (args: readonly string[], cwd = ROOT): string =>
  execFileSync("python3", ["-B", "-W", "ignore", ...args], {
    ...{ cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    env: { ...process.env, PYTHONPATH: [CLIENT, join(ROOT, "clients/python"), ...packages, mypy].join(":") },
  });

describe("model files", { timeout: 600_000 }, () => {
  let cases: LibraryCases;
  it("are written by the real libraries", () => {
    const output = join(folder, "cases.json.gz");
    console.log(python([LIBRARIES, output, "10000", "60", "6"]).trim());
    cases = readCases(output);
    expect(cases.rows.length).toBe(10_000);
    expect(cases.cases.length).toBeGreaterThan(50);
  });

  it("predict as the libraries do", () => {
    const differences = cases.cases.map((each) => [each.name, differenceOf(each, cases)] as const);
    for (const [name, difference] of differences) console.log(name.padEnd(60), difference.toExponential(1));
    expect(differences.filter(([, difference]) => !(difference < 1e-6))).toEqual([]);
  });
});

describe("tidemark-models", { timeout: 600_000 }, () => {
  it("passes its own tests, and a strict check of types", () => {
    python(["-m", "unittest", "discover", join(CLIENT, "tests")]);
    const flags = ["--strict", "--ignore-missing-imports", "--python-version", "3.10"];
    const checked = [join(CLIENT, "tidemark_models"), join(CLIENT, "tests"), join(import.meta.dirname, "libraries")];
    console.log(python(["-m", "mypy", ...flags, "--cache-dir", join(folder, "mypy"), ...checked]).trim());
  });

  it("runs the program of its README, whose file the collector reads for the set", () => {
    execFileSync(process.execPath, [MAIN, "generate-visits", "--sessions", "2000", "--out", join(folder, "visits")], {
      cwd: ROOT,
    });
    const readme = readFileSync(join(CLIENT, "README.md"), "utf8");
    const [, program = ""] = /```python\n# train_model.py\n(.*?)```/s.exec(readme) ?? [];
    const path = join(folder, "train_model.py");
    const inFolder = /"(?=visits["/]|training\.parquet|purchase\.json)/g;
    writeFileSync(path, program.replaceAll(inFolder, `"${folder}/`));
    python([path]);

    const [site] = config.sites;
    const [set] = featureSetsOf(config, site as NonNullable<typeof site>);
    if (!set) throw new Error("the configuration has no feature set");
    const served = { ...servedSet(set, config.features), features: set.features };
    const model = readModel(JSON.parse(readFileSync(join(folder, "purchase.json"), "utf8")), served);
    expect(model.trainedBy).toMatch(/^sklearn \d/);
    expect(model.reference?.shares.length).toBeGreaterThan(1);
    const [low, high] = [model.predict([0, 1, 0, null, 0, 0]), model.predict([70, 8, 50_000, 100, 9, 9])];
    console.log(`a visitor without activity: ${low.toFixed(3)}, with much: ${high.toFixed(3)}`);
    expect(low).toBeLessThan(high);
  });
});
