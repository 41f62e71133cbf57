import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { bundle } from "../../scripts/bundle.ts";
import { type Bench, report } from "../report.ts";

/** Entries with their budgets in bytes. */
const ENTRIES = [
  { case: "page views, clicks, hovers, scroll, dwell", entry: "./five-signals.ts", budget: 5_000 },
  { case: "custom events only", entry: "./custom-only.ts", budget: 3_000 },
  { case: "script tag", entry: "../../packages/sdk/src/script-tag.ts", budget: 8_500 },
];

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const weigh = (code: string): number =>
  brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }).length;

/**
 * Weight of what a page loads: minified, brotli 11, for the smallest program that turns on what the case names.
 * The reference is web-vitals with its five metrics, in the same run. A bundle that holds zod is an error at any weight.
 */
export const size: Bench = async () => {
  const reference = weigh(await bundle(here("./web-vitals.ts"), "esm"));
  const measurements = [];
  for (const { case: name, entry, budget } of ENTRIES) {
    const code = await bundle(here(entry), "esm");
    if (/ZodError|invalid_union/.test(code)) throw new Error(`${name}: the bundle holds zod`);
    measurements.push({ case: name, value: weigh(code), unit: "bytes brotli", reference, budget });
  }
  return report("size", measurements);
};
