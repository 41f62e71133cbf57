import { fileURLToPath } from "node:url";
import { startChromium } from "@tidemark/cli/chromium";
import { bundle } from "../../scripts/bundle/bundle.ts";
import { bundleScriptTag } from "../../scripts/bundle/script-tag.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { type Cost, measure, trace } from "./run-page.ts";
import { BARE, startSite } from "./site.ts";
import type { Traced } from "./trace.ts";

const compile = (entry: URL) => bundle(fileURLToPath(entry), "iife");

/** The page with the reference script, `click-buffer.ts`. */
const REFERENCE = "click-buffer";

/** The pages with budgets: the five signals, and the script tag. */
const CASES = ["five-signals", "script-tag"] as const;

/** The page that records all input, to check that it arrives. */
const INPUT_RECORDER = "input-recorder";

const SCRIPTED = [REFERENCE, ...CASES] as const;

const PAGES = [BARE, ...SCRIPTED] as const;

/** A value for each page. */
type ByPage<T> = Record<(typeof PAGES)[number], T>;

/** Number of measured rounds. Each loads every page once, so that a temporary load of the machine affects all pages. */
const ROUNDS = 4;

/** Budgets of the cost added to the bare page. */
const ADDED: { figure: keyof Cost; title: string; unit: string; budget: number }[] = [
  { figure: "script", title: "script time added", unit: "ms", budget: 40 },
  { figure: "layout", title: "style and layout time added", unit: "ms", budget: 10 },
  { figure: "heap", title: "heap added", unit: "KiB", budget: 1024 },
];

/** Budgets of the results of a trace. */
const TRACED: { figure: keyof Traced; title: string; unit: string; budget: number }[] = [
  { figure: "longestScript", title: "longest script in a task", unit: "ms", budget: 10 },
  { figure: "forcedLayouts", title: "forced layouts", unit: "layouts", budget: 0 },
];

const TOO_NOISY = ": TOO NOISY, ";

const rounded = (figure: number): number => Math.round(figure * 10) / 10;

const formatSpread = ({ low, median, high }: Spread): string =>
  `${rounded(median)} (${rounded(low)} to ${rounded(high)})`;

/** Runs a function for each of the pages, one after the other. */
const forEachPage = async <P extends string, T>(pages: readonly P[], run: (page: P) => Promise<T>) => {
  const found: [P, T][] = [];
  for (const page of pages) found.push([page, await run(page)]);
  return Object.fromEntries(found) as Record<P, T>;
};

/** Prints the costs of every page with their spread: the differences come from these. */
const printCosts = (rounds: ByPage<Cost>[]): void => {
  const columns = ["script", "scriptAtStart", "layout", "tasks", "heap"] as const;
  const row = (page: (typeof PAGES)[number]) =>
    columns.map((figure) => [figure, formatSpread(spreadOf(rounds.map((round) => round[page][figure])))]);
  console.log(`\nprocessor time in ms and memory in KiB, median of ${rounds.length} runs (and the middle half)`);
  console.table(Object.fromEntries(PAGES.map((page) => [page, Object.fromEntries(row(page))])));
};

/** Returns the measurements of the cost added to the bare page of the same round. */
const compare = (rounds: ByPage<Cost>[]): Measurement[] =>
  ADDED.flatMap(({ figure, title, unit, budget }) => {
    const added = (page: keyof ByPage<Cost>) =>
      spreadOf(rounds.map((round) => round[page][figure] - round[BARE][figure]));
    const reference = rounded(added(REFERENCE).median);
    return CASES.map((page) => {
      const spread = added(page);
      const noisy = spread.low <= budget && budget < spread.high;
      return {
        case: `${title}, ${page}${noisy ? `${TOO_NOISY}${formatSpread(spread)}` : ""}`,
        value: rounded(spread.median),
        unit,
        reference,
        budget,
      };
    });
  });

/**
 * Measures the SDK's cost on the main thread of a page in a real Chromium. Each round runs the same sequence (load,
 * real input, leave) on the same page, without a script and with each script.
 *
 * A result is the median of the rounds' differences to the bare page. When its budget is within their middle half, the
 * machine was too noisy: the case states that and is not ok.
 */
export const mainThread: Bench = async () => {
  const tag = await bundleScriptTag();
  const site = await startSite({
    [INPUT_RECORDER]: await compile(new URL("./input-recorder.ts", import.meta.url)),
    [REFERENCE]: await compile(new URL("./click-buffer.ts", import.meta.url)),
    "five-signals": await compile(new URL("../size/five-signals.ts", import.meta.url)),
    "script-tag": tag.files[tag.tag] ?? "",
  });
  const { context, stop } = await startChromium();
  try {
    // The first run includes the browser's start. It does not count, and checks that the input arrives.
    await measure(context, site, INPUT_RECORDER);
    const rounds: ByPage<Cost>[] = [];
    while (rounds.length < ROUNDS) rounds.push(await forEachPage(PAGES, (page) => measure(context, site, page)));
    const traced = await forEachPage(SCRIPTED, (page) => trace(context, site, page));

    printCosts(rounds);
    const { bench, results } = report("main-thread", [
      ...compare(rounds),
      ...TRACED.flatMap(({ figure, title, unit, budget }) =>
        CASES.map((page) => ({
          case: `${title}, ${page}`,
          value: rounded(traced[page][figure]),
          unit,
          reference: rounded(traced[REFERENCE][figure]),
          budget,
        })),
      ),
    ]);
    return {
      bench,
      results: results.map(({ ratio, ok, ...each }) => ({
        ...each,
        // Without a positive reference there is no ratio.
        ratio: each.reference > 0 ? ratio : Number.NaN,
        ok: ok && !each.case.includes(TOO_NOISY),
      })),
    };
  } finally {
    await stop();
    await site.stop();
  }
};
