import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configWith, deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const config = configWith("defaultFeatures").replace(
  "  features:",
  `  featureSets: [{ name: "reading", version: 1, entity: "session", features: ["page_view_count", "dwell_ms"] }],\n  features:`,
);

it("writes a log that other commands read with --log, and the truth of each session", async () => {
  const folder = deploymentFolder(config);
  const args = ["generate-visits", "--sessions", "40", "--seed", "5", "--from", "2026-10-01", "--out", "visits"];
  const generated = await runTidemark(folder, [...args, "--json"]);
  expect(generated).toMatchObject({ code: 0, stderr: "" });
  expect(generated.json()).toEqual([
    {
      ...{ sessions: 40, events: expect.any(Number), purchases: expect.any(Number) },
      truth: expect.objectContaining({ log_odds: expect.any(Number), dwell_ms: expect.any(Number) }),
    },
  ]);
  const truth = readFileSync(join(folder, "visits/truth.csv"), "utf8").trimEnd().split("\n");
  expect(truth[0]).toBe("id,as_of,probability,purchase");
  expect(truth).toHaveLength(41);

  const flags = ["--log", "visits", "--json"];
  const labels = ["--labels", "visits/truth.csv", "--set", "reading", "--traffic", "all", "--out", "set.parquet"];
  const trained = await runTidemark(folder, ["training-set", ...flags, ...labels]);
  expect(trained).toMatchObject({ code: 0, stderr: "" });
  expect(trained.json()[0]).toMatchObject({ rows: 40, missing_labels: 0 });
  const filled = await runTidemark(folder, ["backfill", ...flags, "--out", "features"]);
  expect(filled.json()).toContainEqual(expect.objectContaining({ entity: "session", rows: 40 }));

  const again = await runTidemark(folder, args);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("--out: expected an empty or a new folder")]);
  const other = await runTidemark(folder, ["backfill", "--log", "features", "--out", "more"]);
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("--log: features has no files of site shop")]);
});
