import { defineCommand, runCommand } from "@tidemark/cli/command-line";
import type { Bench, Report } from "./report.ts";

interface Entry {
  /** The figures of the benchmark, in one line. */
  description: string;
  /** Loads the benchmark only when it runs: usage and errors come at once. */
  load(): Promise<Bench>;
  /** Whether a missed budget is reported without failing. Default: no. */
  isInformative?: true;
}

const benches: Record<string, Entry> = {
  collector: {
    description:
      "durable batches a second and freshness of the Worker on bare workerd, beside the least that is durable",
    load: async () => (await import("./collector/collector.ts")).collector,
  },
  cost: {
    description: "what a million events ask of Cloudflare, counted on the real runtime and priced",
    load: async () => (await import("./cost/cost.ts")).cost,
  },
  delivery: {
    description: "events missing or stored twice after each kind of trouble, in Chromium, Firefox and WebKit",
    load: async () => (await import("./delivery.ts")).delivery,
  },
  engine: {
    description: "events a second through the whole catalogue, bytes of state, cost by length of history",
    load: async () => (await import("./engine/engine.ts")).engineBench,
  },
  "main-thread": {
    description: "what the SDK costs the main thread of a page in Chromium; a missed budget fails nothing",
    load: async () => (await import("./main-thread/main-thread.ts")).mainThread,
    isInformative: true,
  },
  size: {
    description: "bytes of the smallest programs and of each signal, bundled here and by Vite, beside web-vitals",
    load: async () => (await import("./size/size.ts")).size,
  },
};

const print = ({ bench, results }: Report): void => {
  console.log(`\n${bench}`);
  const rows = results.map(({ case: title, value, vite, unit, reference, ratio, budget, ok }) => [
    title,
    { value, ...(vite !== undefined && { "by Vite": vite }), unit, reference, ratio, budget, ok },
  ]);
  console.table(Object.fromEntries(rows));
  for (const { case: title, value, unit, budget, ok } of results)
    if (!ok) console.log(`Budget missed: ${title}: ${value} ${unit}, budget ${budget}`);
};

/** Runs a benchmark and prints its report. Returns whether it passes. */
const run = async ({ load, isInformative }: Entry, isJson: boolean): Promise<boolean> => {
  const report = await (await load())();
  print(report);
  if (isJson) console.log(JSON.stringify(report));
  return isInformative || report.results.every(({ ok }) => ok);
};

/** `pnpm bench`. */
const bench = defineCommand({
  name: "pnpm bench",
  summary: "Measures Tidemark, and shows each figure beside a reference of the same run and its budget.",
  flags: { json: { description: "Prints each report as one line of JSON too." } },
  positionals: {
    placeholder: "[name …]",
    description: "The benchmarks to run, one after the other. Default: all.",
    choices: Object.fromEntries(Object.entries(benches).map(([name, { description }]) => [name, description])),
  },
  examples: [
    ["pnpm bench size", "After a change of the SDK: fails when a budget is missed."],
    ["pnpm bench engine collector --json", "Two benchmarks, each with a line of JSON."],
  ],
  async run({ json = false }, names) {
    let areKept = true;
    for (const [name, entry] of Object.entries(benches)) {
      if (names.length === 0 || names.includes(name)) areKept = (await run(entry, json)) && areKept;
    }
    return areKept ? 0 : 1;
  },
});

await runCommand(bench);
