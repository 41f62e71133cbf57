import { parseArgs } from "node:util";
import { collector } from "./collector/collector.ts";
import { cost } from "./cost/cost.ts";
import { delivery } from "./delivery.ts";
import { engineBench } from "./engine/engine.ts";
import { mainThread } from "./main-thread/main-thread.ts";
import type { Bench } from "./report.ts";
import { size } from "./size/size.ts";

const benches: Record<string, Bench> = {
  collector,
  cost,
  delivery,
  engine: engineBench,
  "main-thread": mainThread,
  size,
};

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const chosen = positionals.length ? positionals : Object.keys(benches);

let ok = true;
for (const name of chosen) {
  const bench = benches[name];
  if (!bench) throw new Error(`there is no benchmark ${name}; there are: ${Object.keys(benches).join(", ")}`);
  const report = await bench();
  console.log(`\n${name}`);
  console.table(
    Object.fromEntries(
      report.results.map(({ case: title, value, unit, reference, ratio, budget, ok }) => [
        title,
        { value, unit, reference, ratio, budget, ok },
      ]),
    ),
  );
  if (values.json) console.log(JSON.stringify(report));
  ok &&= report.results.every((result) => result.ok);
}
process.exitCode = ok ? 0 : 1;
