import type { SdkReport } from "@tidemark/schema";
import { Math, performance } from "./platform.ts";

/** Share of the runs whose duration is measured. Reading the clock at each of thousands would cost more than most of them. */
const SAMPLED = 1 / 32;

/** The totals that no report has yet, of all trackers of the page. */
const totals: SdkReport = { script_ms: 0, errors: 0, storage_errors: 0 };

/** Whether a run is in progress: the runs in it are parts of its duration. */
let isRunning = false;

/** Counts an exception that the SDK has caught, or a failure of its storage. */
export const countError = (kind: "errors" | "storage_errors"): void => {
  totals[kind] += 1;
};

/** Runs a function. It adds the durations of a random sample, each for all that the sample stands for. */
export const timed = <R>(run: () => R): R => {
  if (isRunning) return run();
  isRunning = true;
  const startedAt = Math.random() < SAMPLED && performance?.now();
  try {
    return run();
  } finally {
    isRunning = false;
    if (startedAt) totals.script_ms += (performance.now() - startedAt) / SAMPLED;
  }
};

/** Returns the totals since the last call. */
export const takeReport = (): SdkReport => {
  const report = { ...totals, script_ms: Math.round(totals.script_ms) };
  totals.script_ms = totals.errors = totals.storage_errors = 0;
  return report;
};
