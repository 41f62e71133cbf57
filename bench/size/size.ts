import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { bundle, type Entry } from "../../scripts/bundle.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { bytesLeftBehind, program, signals } from "./signals.ts";

/** Entries with the bytes that they should have at most, and those that no change may go beyond before they do. */
export const ENTRIES = [
  { case: "page views, clicks, hovers, scroll, dwell", entry: "./five-signals.ts", budget: 5_000, ceiling: 5_600 },
  { case: "custom events only", entry: "./custom-only.ts", budget: 3_000, ceiling: 3_600 },
  { case: "script tag", entry: "../../packages/sdk/src/script-tag.ts", budget: 8_500, ceiling: 8_500 },
];

export const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Bytes of a program: minified, brotli 11. @throws Error when zod is in it. */
export const weigh = async (entry: Entry): Promise<number> => {
  const code = await bundle(entry, "esm");
  if (/ZodError|invalid_union/.test(code)) throw new Error(`${JSON.stringify(entry)}: the bundle holds zod`);
  return brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })
    .length;
};

/**
 * Weight of what a page loads: minified, brotli 11, for the smallest program that turns on what the case names; and of each
 * signal what it adds to a tracker by itself, with all that it shares with others. The reference is web-vitals with its five
 * metrics, in the same run, and no signal may weigh more. What is not imported has to weigh nothing, not even before it is
 * compressed; the reference is then what the signals weigh together. A bundle that holds zod is an error at any weight.
 */
export const size: Bench = async () => {
  const reference = await weigh(here("./web-vitals.ts"));
  const unit = "bytes brotli";
  const measurements: Measurement[] = [];
  for (const { case: name, entry, budget } of ENTRIES)
    measurements.push({ case: name, value: await weigh(here(entry)), unit, reference, budget });

  const core = await weigh(program([]));
  let together = 0;
  for (const signal of signals) {
    const value = (await weigh(program([signal]))) - core;
    measurements.push({ case: `${signal.entry} by itself`, value, unit, reference, budget: reference });
    together += value;
  }
  measurements.push({
    case: "signals not imported",
    value: await bytesLeftBehind(),
    unit: "bytes",
    reference: together,
    budget: 0,
  });
  return report("size", measurements);
};
