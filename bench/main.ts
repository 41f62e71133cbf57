import { defineCommand, runCommand, UsageError } from "@tidemark/cli/command-line";
import type { Bench, BenchOptions, Report } from "./report.ts";

interface Entry {
  /** The measured figures, in one line. */
  description: string;
  /** Loads the benchmark when it runs, so that help and usage errors appear immediately. */
  load(): Promise<Bench>;
}

const benches: Record<string, Entry> = {
  agents: {
    description: "reads of a session's context and calls of each tool for agents, next to a batch of one row",
    load: async () => (await import("./agents/agents.ts")).agents,
  },
  collector: {
    description:
      "durable batches per second and freshness of the Worker on plain workerd, next to a minimal durable collector",
    load: async () => (await import("./collector/collector.ts")).collector,
  },
  cost: {
    description: "Cloudflare's operations for a million events, counted in the Workers runtime, and their price",
    load: async () => (await import("./cost/cost.ts")).cost,
  },
  delivery: {
    description:
      "events missing or stored twice after each kind of fault, in Chromium, Firefox and WebKit; bytes sent for an input run",
    load: async () => (await import("./delivery.ts")).delivery,
  },
  engine: {
    description: "events per second for the whole catalogue, bytes of state, cost by length of history",
    load: async () => (await import("./engine/engine.ts")).engineBench,
  },
  fuzz: {
    description: "responses to 200,000 bodies that were changed at random: no error of the collector, no lost event",
    load: async () => (await import("./fuzz/fuzz.ts")).fuzz,
  },
  log: {
    description:
      "cost of encoding the log, bytes of an event, features in SQL over ten million events, next to DuckDB's files",
    load: async () => (await import("./log/log.ts")).log,
  },
  "main-thread": {
    description: "main-thread time of the SDK in a page in Chromium, next to a click buffer or other libraries",
    load: async () => (await import("./main-thread/main-thread.ts")).mainThread,
  },
  models: {
    description: "predictions per second of embedded models, by trees and features, next to a linear model",
    load: async () => (await import("./models/models.ts")).models,
  },
  partition: {
    description: "calls, rows, cost and busiest object of a large site, simulated with the real partitions",
    load: async () => (await import("./partition/partition.ts")).partition,
  },
  reactions: {
    description: "requests of pages with and without reactions, and time that these add to a batch which concerns none",
    load: async () => (await import("./reactions/reactions.ts")).reactions,
  },
  serving: {
    description: "reads of one and of 100 vectors, without and under ingest, and next to Feast's server with `--feast`",
    load: async () => (await import("./serving/serving.ts")).serving,
  },
  sinks: {
    description:
      "records per second and processor time of a record by sink, next to a Worker that only posts; Kafka next to kafkajs",
    load: async () => (await import("./sinks/sinks.ts")).sinks,
  },
  size: {
    description:
      "bytes of the smallest programs, their parts, and each signal, bundled here and by Vite, next to web-vitals",
    load: async () => (await import("./size/size.ts")).size,
  },
  soak: {
    description: "the Worker under faults and kills: acknowledged events, vectors next to a replay, memory",
    load: async () => (await import("./soak/soak.ts")).soak,
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
    if (!ok) console.log(`Outside of budget: ${title}: ${value} ${unit}, budget ${budget}`);
};

/** Runs a benchmark, prints its report, and returns whether it passes. */
const run = async ({ load }: Entry, isJson: boolean, options: BenchOptions): Promise<boolean> => {
  const report = await (await load())(options);
  print(report);
  if (isJson) console.log(JSON.stringify(report));
  return report.results.every(({ ok }) => ok);
};

/** The value of `--minutes`. @throws UsageError */
const minutesIn = (text: string): number => {
  const minutes = Number(text);
  if (minutes > 0 && minutes < Number.POSITIVE_INFINITY) return minutes;
  throw new UsageError(`--minutes: expected a number above 0; given ${text}.`);
};

/** `pnpm bench`. */
const bench = defineCommand({
  name: "pnpm bench",
  summary: "Measures Tidemark, and prints each figure with its budget and a reference from the same run.",
  flags: {
    json: { description: "Also prints each report as one line of JSON." },
    feast: { description: "Also measures Feast's server in `serving`; installs Feast and Redis once." },
    minutes: { value: "<number>", description: "Duration of `soak`. Default: 10." },
    peers: {
      description: "`main-thread` compares the SDK with Plausible and Snowplow, which it installs from npm once.",
    },
    libraries: {
      description: "`models` also installs XGBoost, LightGBM and ONNX Runtime for Python (700 MB), and measures these.",
    },
  },
  positionals: {
    placeholder: "[name …]",
    description: "The benchmarks to run, one after the other. Default: all.",
    choices: Object.fromEntries(Object.entries(benches).map(([name, { description }]) => [name, description])),
  },
  examples: [
    ["pnpm bench size", "After a change of the SDK: fails when a bundle exceeds its budget."],
    ["pnpm bench engine collector --json", "Runs two benchmarks, each with a line of JSON."],
    ["pnpm bench soak --minutes 60", "Before a release."],
    ["pnpm bench main-thread --peers", "After a change of a sensor or a signal."],
    ["pnpm bench models --libraries", "After a change of the readers of model files."],
  ],
  async run({ json = false, feast = false, libraries = false, peers = false, minutes }, names) {
    const options = { feast, libraries, peers, ...(minutes !== undefined && { minutes: minutesIn(minutes) }) };
    let passed = true;
    for (const [name, entry] of Object.entries(benches)) {
      if (names.length === 0 || names.includes(name)) passed = (await run(entry, json, options)) && passed;
    }
    return passed ? 0 : 1;
  },
});

await runCommand(bench);
