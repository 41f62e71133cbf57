import { defaultFeatures } from "@tidemark/schema";
import { expect, it } from "vitest";
import { BEGIN, HOUR_MS, logOf } from "../log/log-records.ts";
import { ADMIN_KEY, serveLog } from "../log/log-server.ts";
import { deploymentFolder, runTidemark } from "../log/run-tidemark.ts";

const records = logOf({ features: defaultFeatures });

const filesOf = async (...args: string[]) => {
  const server = await serveLog(records);
  await server.cut();
  return runTidemark(deploymentFolder(), ["log", "files", "--url", server.url, ...args], {
    TIDEMARK_ADMIN_KEY: ADMIN_KEY,
  });
};

it("lists the files of a log, with their records", async () => {
  const files = (await filesOf("--json")).json();
  const count = (kind: string) =>
    files.filter((file) => file.kind === kind).reduce((sum, file) => sum + (file.records as number), 0);
  expect([count("event"), count("vector")]).toEqual([360, 6]);

  const { stdout } = await filesOf();
  expect(stdout).toMatch(/^kind +received +partition +records +bytes +first event +last event +file\n/);
  expect(stdout).toMatch(
    /^event +2026-11-29 08h +0 +\d+ +\d+ {2}2026-11-29 08:50 {2}2026-11-29 08:5\d {2}00-0{15}1-\d{16}\.parquet$/m,
  );
  expect(stdout).toMatch(new RegExp(`\\n${files.length} files, 366 records, \\d+ bytes\\n$`));
});

it("lists the files with events of a period", async () => {
  const files = (await filesOf("--json", "--from", new Date(BEGIN + HOUR_MS).toISOString())).json();
  expect(new Set(files.map(({ hour }) => hour))).toEqual(new Set([9, 10, 11]));
});

it("says that the latest records are in no file yet", async () => {
  const { code, stdout } = await filesOf("--from", "2026-11-30");
  expect([code, stdout]).toEqual([
    0,
    "No files with events of this period. The latest records are in none yet; tidemark log query reads them too.\n",
  ]);
});
