import { setTimeout as sleep } from "node:timers/promises";
import { defineCommand } from "../command-line/command.ts";
import { UsageError } from "../command-line/command-error.ts";
import { withProgress } from "../command-line/progress.ts";
import { openDeployment } from "../deployment/deployment.ts";
import { drillText } from "../drill/drill-text.ts";
import type { Fault } from "../drill/fault.ts";
import { faults } from "../drill/faults/index.ts";
import { type DrillRow, measureFault } from "../drill/measure.ts";
import { SCALES } from "../drill/scale.ts";
import { type DrillStack, intervalAt, startStack } from "../drill/stack.ts";
import { untilInterrupted } from "../local-stack/until-interrupted.ts";

const DEFAULT_SCALE = 20;

/** The faults that `--only` names. @throws UsageError that lists them. */
const chosenFaults = (given: string | undefined): readonly Fault[] => {
  if (given === undefined) return faults;
  const names = given.split(",").map((name) => name.trim());
  const known = faults.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return faults.filter(({ name }) => names.includes(name));
  throw new UsageError(`--only: there is no fault ${JSON.stringify(unknown)}; expected some of ${known.join(", ")}.`);
};

const scaleOf = (given: string): number => {
  const scale = SCALES.find((each) => `${each}` === given);
  if (scale !== undefined) return scale;
  throw new UsageError(`--scale expects one of ${SCALES.join(", ")}; given ${JSON.stringify(given)}.`);
};

/** Runs faults one after another. @param onRow Is called after each. */
const runFaults = async (
  chosen: readonly Fault[],
  stack: DrillStack,
  describe: (text: string) => void,
  onRow: (row: DrillRow) => void,
): Promise<void> => {
  const began = Date.now();
  for (const fault of chosen) {
    const { name, historySeconds = 0 } = fault;
    const ready = began + (historySeconds / stack.scale) * 1_000;
    describe(`Letting traffic flow before ${name}`);
    await sleep(Math.max(0, ready - Date.now()));
    describe(`Measuring ${name}`);
    onRow(await measureFault(fault, stack));
  }
};

/** `tidemark drill`. */
export const drill = defineCommand({
  name: "tidemark drill",
  summary:
    "Injects faults into a collector on this machine, with a real Prometheus and Alertmanager, and measures when alerts fire and clear.",
  flags: {
    only: {
      value: "<faults>",
      description: `Some of the faults, separated by commas: ${faults.map(({ name }) => name).join(", ")}. Default: all.`,
    },
    scale: {
      value: "<factor>",
      description: `Factor by which the times of the rules are shorter: ${SCALES.join(", ")}. Default: ${DEFAULT_SCALE}, because a drill in real time takes hours.`,
    },
    json: { description: "Prints each row as a JSON object on a line of its own." },
  },
  examples: [
    ["tidemark drill", "Injects all faults, one after another, in about ten minutes."],
    ["tidemark drill --only collector-down,sink-down", "Injects two of them."],
  ],
  async run({ only, scale: scaleText = `${DEFAULT_SCALE}`, json = false }) {
    const chosen = chosenFaults(only);
    const scale = scaleOf(scaleText);
    const { folder } = await openDeployment();
    untilInterrupted().then(() => process.exit(1));
    let current = "Starting a collector, Prometheus and Alertmanager";
    const describe = (text: string) => {
      current = text;
    };
    const rows: DrillRow[] = [];
    const began = Date.now();
    await withProgress(
      () => current,
      async () => {
        const stack = await startStack(folder, scale);
        try {
          await runFaults(chosen, stack, describe, (row) => {
            rows.push(row);
            if (json) console.log(JSON.stringify({ ...row, scale }));
          });
        } finally {
          describe("Stopping");
          await stack.stop();
        }
      },
    );
    const missed = rows.filter(({ isWithin }) => !isWithin);
    if (!json) {
      console.log(`${drillText(rows)}\n`);
      const shortened = scale === 1 ? "as they are" : `shorter by the factor ${scale}`;
      console.log(
        `The times of the rules were ${shortened}: how long a condition has to hold, its windows, and its limits of times. Prometheus read the metrics and evaluated the rules every ${intervalAt(scale)} s. The drill took ${Math.round((Date.now() - began) / 1_000)} s.`,
      );
      if (missed.length > 0) console.log(`Missed: ${missed.map(({ fault }) => fault).join(", ")}.`);
    }
    return missed.length > 0 ? 1 : 0;
  },
});
