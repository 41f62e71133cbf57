import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle, bundleWithMap, type Entry } from "../../scripts/bundle/bundle.ts";
import { bundleScriptTag } from "../../scripts/bundle/script-tag.ts";
import { sdkSignals } from "../../scripts/bundle/sdk-signals.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { brotliBytes } from "./brotli.ts";
import { partsOf } from "./parts.ts";
import { program, unusedSignalBytes } from "./signals.ts";
import { viteBrotliBytes } from "./vite.ts";
import { measureWorker } from "./worker.ts";

/** The smallest programs with their budgets in bytes. `pnpm check` and the benchmark enforce them. */
const PROGRAMS = [
  { case: "page views, clicks, hovers, scroll, dwell", entry: "./five-signals.ts", budget: 13_710 },
  { case: "custom events only", entry: "./custom-only.ts", budget: 9_880 },
];

/** Budget of the script tag in bytes, without the files that it loads by name. */
const SCRIPT_TAG_BUDGET = 16_570;

/** Bytes of the signal `webVitals` beyond web-vitals itself: it gives the library names that no page can replace. */
const WEB_VITALS_NAMES = 110;

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const brotliBytesOf = async (entry: Entry): Promise<number> =>
  brotliBytes(JSON.stringify(entry), await bundle(entry, "esm"));

/**
 * Measures each program and the script tag in bytes, minified and compressed with brotli 11.
 *
 * @throws Error when a bundle contains zod.
 */
export const measurePrograms = async (): Promise<{ case: string; value: number; budget: number }[]> => {
  const { tag, files } = await bundleScriptTag();
  const programs: { case: string; value: number; budget: number }[] = [];
  for (const { case: name, entry, budget } of PROGRAMS)
    programs.push({ case: name, value: await brotliBytesOf(here(entry)), budget });
  return [...programs, { case: "script tag", value: brotliBytes(tag, files[tag] ?? ""), budget: SCRIPT_TAG_BUDGET }];
};

/**
 * Prints the parts of each program and of the script tag: their minified bytes, and those that the compressed bundle has
 * because of them; see {@link Part}.
 */
const printParts = async () => {
  const bundles = PROGRAMS.map(({ case: name, entry }) => ({ name, entry: here(entry), define: {} }));
  // The version and the digests of the other files are not part of the code.
  const tag = { TAG_VERSION: '""', TAG_FILES: "{}" };
  bundles.push({ name: "script tag", entry: here("../../packages/sdk/src/script-tag.ts"), define: tag });
  for (const { name, entry, define } of bundles) {
    const parts = partsOf(name, await bundleWithMap(entry, { define }));
    console.log(`\n${name}: bytes of each part, minified, and bytes of the compressed bundle because of it`);
    console.table(Object.fromEntries(parts.map(({ name: part, ...figures }) => [part, figures])));
  }
};

/**
 * Measures builds by Vite: each program, in the order of {@link PROGRAMS}, and the bytes that each signal adds to a
 * tracker.
 */
const measureViteBuilds = async () => {
  const codes = PROGRAMS.map(({ entry }) => readFileSync(here(entry), "utf8"));
  const trackers = [program([]), ...sdkSignals.map((signal) => program([signal]))].map(({ contents }) => contents);
  const sizes = await viteBrotliBytes([...codes, ...trackers]);
  const [core = 0, ...withSignals] = sizes.slice(codes.length);
  return { programs: sizes.slice(0, codes.length), signals: withSignals.map((bytes) => bytes - core) };
};

/**
 * Measures bundles in bytes, minified and compressed with brotli 11:
 *
 * - the smallest program for each case;
 * - each signal: the bytes that it adds to a tracker without other signals, shared modules included;
 * - the signals that a program does not import, uncompressed. The budget is 0 bytes;
 * - the Worker and its part that answers agents, compressed with gzip. The reference is the Worker.
 *
 * The reference is web-vitals with its five metrics in the same run, which is also the budget of each signal;
 * `webVitals` contains the library and may be larger. For signals that are not imported, the reference is the sum of all signals. `vite` is the same program, built by Vite
 * from the packed package. A bundle that contains zod is an error at any size.
 *
 * It also prints the parts of each program.
 */
export const size: Bench = async () => {
  await printParts();
  const reference = await brotliBytesOf(here("./web-vitals.ts"));
  const built = await measureViteBuilds();
  const unit = "bytes brotli";
  const measurements: Measurement[] = (await measurePrograms()).map((each, index) => ({
    ...each,
    vite: built.programs[index] ?? "no npm import",
    unit,
    reference,
  }));

  const core = await brotliBytesOf(program([]));
  let total = 0;
  for (const [index, signal] of sdkSignals.entries()) {
    const value = (await brotliBytesOf(program([signal]))) - core;
    const vite = built.signals[index] ?? "not built";
    const budget = signal.name === "webVitals" ? reference + WEB_VITALS_NAMES : reference;
    measurements.push({ case: `${signal.entry} by itself`, value, vite, unit, reference, budget });
    total += value;
  }
  measurements.push({
    case: "signals not imported",
    value: await unusedSignalBytes(),
    vite: "not compared",
    unit: "bytes",
    reference: total,
    budget: 0,
  });
  const parts = await measureWorker();
  const worker = parts[0]?.value ?? 0;
  for (const part of parts) measurements.push({ ...part, vite: "not compared", unit: "bytes gzip", reference: worker });
  return report("size", measurements);
};
