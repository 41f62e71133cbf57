import type { Command } from "../command-line/command.ts";
import { alertsList } from "./alerts-list.ts";
import { alertsSilence } from "./alerts-silence.ts";
import { alertsTest } from "./alerts-test.ts";
import { backfill } from "./backfill.ts";
import { configCheck } from "./config-check.ts";
import { dev } from "./dev.ts";
import { drill } from "./drill.ts";
import { feastExport } from "./feast-export.ts";
import { featuresAsOf } from "./features-as-of.ts";
import { generateVisitsCommand } from "./generate-visits.ts";
import { logCompact } from "./log-compact.ts";
import { logFiles } from "./log-files.ts";
import { logQuery } from "./log-query.ts";
import { logVerify } from "./log-verify.ts";
import { modelsEvaluate } from "./models-evaluate.ts";
import { modelsList } from "./models-list.ts";
import { modelsPredict } from "./models-predict.ts";
import { reactionsReport } from "./reactions-report.ts";
import { rebuild } from "./rebuild.ts";
import { ship } from "./ship.ts";
import { sinksDeadLetters } from "./sinks-dead-letters.ts";
import { sinksPause } from "./sinks-pause.ts";
import { sinksReplay } from "./sinks-replay.ts";
import { sinksResume } from "./sinks-resume.ts";
import { sinksStatus } from "./sinks-status.ts";
import { test } from "./test.ts";
import { trainingSet } from "./training-set.ts";
import { warehouseDdl } from "./warehouse-ddl.ts";

/** All commands of `tidemark`. */
export const commands: readonly Command[] = [
  ...[configCheck, dev, test, ship],
  ...[logQuery, logFiles, logCompact, logVerify, backfill, rebuild, trainingSet, generateVisitsCommand],
  ...[featuresAsOf, warehouseDdl, feastExport],
  ...[modelsList, modelsPredict, modelsEvaluate],
  ...[reactionsReport],
  ...[alertsList, alertsTest, alertsSilence, drill],
  ...[sinksStatus, sinksPause, sinksResume, sinksReplay, sinksDeadLetters],
];
