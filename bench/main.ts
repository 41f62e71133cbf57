import { readArguments } from "../scripts/arguments.ts";
import type { Bench, Report } from "./report.ts";

interface Entry {
  /** What the benchmark measures, in one line. */
  about: string;
  /** Loads the benchmark only when it runs: usage and errors come at once. */
  load(): Promise<Bench>;
  /** Whether a missed budget is shown only, and fails nothing. Default: no. */
  isInformative?: true;
}

const benches: Record<string, Entry> = {
  collector: {
    about: "durable batches a second and freshness of the Worker on bare workerd, beside the least that is durable",
    load: async () => (await import("./collector/collector.ts")).collector,
  },
  cost: {
    about: "what a million events ask of Cloudflare, counted on the real runtime and priced",
    load: async () => (await import("./cost/cost.ts")).cost,
  },
  delivery: {
    about: "events missing or stored twice after each kind of trouble, in Chromium, Firefox and WebKit",
    load: async () => (await import("./delivery.ts")).delivery,
  },
  engine: {
    about: "events a second through the whole catalogue, bytes of state, cost by length of history",
    load: async () => (await import("./engine/engine.ts")).engineBench,
  },
  "main-thread": {
    about: "what the SDK costs the main thread of a page in Chromium; a missed budget fails nothing",
    load: async () => (await import("./main-thread/main-thread.ts")).mainThread,
    isInformative: true,
  },
  size: {
    about: "bytes of the smallest programs and of each signal, bundled here and by Vite, beside web-vitals",
    load: async () => (await import("./size/size.ts")).size,
  },
};
const names = Object.keys(benches);

const usage = `Usage: pnpm bench [name …] [--json]

Measures these, or all, one after the other, and shows each figure beside a reference of the same run and its budget.

${names.map((name) => `  ${name.padEnd(13)}${benches[name]?.about}`).join("\n")}

  --json       adds a line for programs after each table

Exit status: 0 when all budgets are kept, 1 when one is missed, 2 when the arguments are wrong.`;

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

/** `pnpm bench`: runs benchmarks by their names. */
const { names: chosen, flags } = readArguments({ usage, what: "benchmark", names, flags: ["--json"] });
for (const name of chosen.length ? chosen : names) {
  const { load, isInformative } = benches[name] as Entry;
  const bench = await load();
  const report = await bench();
  print(report);
  if (flags.includes("--json")) console.log(JSON.stringify(report));
  if (!isInformative && !report.results.every(({ ok }) => ok)) process.exitCode = 1;
}
