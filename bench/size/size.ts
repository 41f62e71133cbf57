import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { bundle, type Entry } from "../../scripts/bundle.ts";
import { bundleScriptTag } from "../../scripts/script-tag.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { bytesLeftBehind, program, signals } from "./signals.ts";

/** Entries with the bytes that they should have at most, and those that no change may go beyond before they do. */
const ENTRIES = [
  { case: "page views, clicks, hovers, scroll, dwell", entry: "./five-signals.ts", budget: 5_000, ceiling: 5_900 },
  { case: "custom events only", entry: "./custom-only.ts", budget: 3_000, ceiling: 3_850 },
];

/** What the script tag may weigh, without what it loads by name, in bytes. */
const SCRIPT_TAG_BUDGET = 8_500;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const weighCode = (what: string, code: string): number => {
  if (/ZodError|invalid_union/.test(code)) throw new Error(`${what}: the bundle holds zod`);
  return brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } })
    .length;
};

const weigh = async (entry: Entry): Promise<number> => weighCode(JSON.stringify(entry), await bundle(entry, "esm"));

/** Bytes of each program: minified, brotli 11. @throws Error when zod is in one. */
export const weighPrograms = async () => {
  const { tag, files } = await bundleScriptTag();
  const programs: { case: string; value: number; budget: number; ceiling: number }[] = [];
  for (const each of ENTRIES) programs.push({ ...each, value: await weigh(here(each.entry)) });
  const value = weighCode(tag, files[tag] ?? "");
  return [...programs, { case: "script tag", value, budget: SCRIPT_TAG_BUDGET, ceiling: SCRIPT_TAG_BUDGET }];
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
  for (const { case: name, value, budget } of await weighPrograms())
    measurements.push({ case: name, value, unit, reference, budget });

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
