import { fileURLToPath } from "node:url";
import { startChromium } from "@tidemark/cli/chromium";
import { bundle } from "../../scripts/bundle/bundle.ts";
import { bundleScriptTag } from "../../scripts/bundle/script-tag.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { BARE, startSite } from "./site.ts";
import type { Traced } from "./trace.ts";
import { type Cost, measure, trace } from "./visit.ts";

const compile = (entry: URL) => bundle(fileURLToPath(entry), "iife");

/** A page whose only script keeps and posts its clicks. */
const REFERENCE = "click-buffer";

/** What has budgets: the five signals, and the script tag. */
const CASES = ["five-signals", "script-tag"] as const;

/** A page that records all input, to check that it arrives. */
const INPUT_RECORDER = "input-recorder";

const SCRIPTED = [REFERENCE, ...CASES] as const;

const PAGES = [BARE, ...SCRIPTED] as const;

/** A figure of each page. */
type ByPage<T> = Record<(typeof PAGES)[number], T>;

/** Counted rounds: each visits every page once, so that what disturbs the machine for a while disturbs all of them. */
const ROUNDS = 4;

/** Budgets of what may be added to the bare page's cost. */
const ADDED: { figure: keyof Cost; title: string; unit: string; budget: number }[] = [
  { figure: "script", title: "script time added", unit: "ms", budget: 40 },
  { figure: "layout", title: "style and layout time added", unit: "ms", budget: 10 },
  { figure: "heap", title: "heap added", unit: "KiB", budget: 1024 },
];

/** Budgets of what a trace tells. */
const TRACED: { figure: keyof Traced; title: string; unit: string; budget: number }[] = [
  { figure: "longestScript", title: "longest script in a task", unit: "ms", budget: 10 },
  { figure: "forcedLayouts", title: "forced layouts", unit: "layouts", budget: 0 },
];

const TOO_NOISY = ": TOO NOISY TO TELL, ";

const rounded = (figure: number): number => Math.round(figure * 10) / 10;

const words = ({ low, median, high }: Spread): string => `${rounded(median)} (${rounded(low)} to ${rounded(high)})`;

/** One visit to each of the pages, one after the other. */
const visitAll = async <P extends string, T>(pages: readonly P[], visit: (page: P) => Promise<T>) => {
  const found: [P, T][] = [];
  for (const page of pages) found.push([page, await visit(page)]);
  return Object.fromEntries(found) as Record<P, T>;
};

/** Prints every page's own costs: what the differences are made of, and how much the machine disturbed them. */
const printCosts = (rounds: ByPage<Cost>[]): void => {
  const columns = ["script", "scriptAtStart", "layout", "tasks", "heap"] as const;
  const row = (page: (typeof PAGES)[number]) =>
    columns.map((figure) => [figure, words(spreadOf(rounds.map((round) => round[page][figure])))]);
  console.log(
    `\nprocessor time in ms and memory in KiB, median of ${rounds.length} visits (and where the middle half lies)`,
  );
  console.table(Object.fromEntries(PAGES.map((page) => [page, Object.fromEntries(row(page))])));
};

/** The rows of a benchmark whose figures are differences to the bare page of the same round. */
const compare = (rounds: ByPage<Cost>[]): Measurement[] =>
  ADDED.flatMap(({ figure, title, unit, budget }) => {
    const added = (page: keyof ByPage<Cost>) =>
      spreadOf(rounds.map((round) => round[page][figure] - round[BARE][figure]));
    const reference = rounded(added(REFERENCE).median);
    return CASES.map((page) => {
      const spread = added(page);
      const noisy = spread.low <= budget && budget < spread.high;
      return {
        case: `${title}, ${page}${noisy ? `${TOO_NOISY}${words(spread)}` : ""}`,
        value: rounded(spread.median),
        unit,
        reference,
        budget,
      };
    });
  });

/**
 * What the SDK costs the main thread of a page in a real Chromium: the same visit (load, real input, leave) to the same page
 * without a script and with one, in turn. A figure is the median of the rounds' differences to the bare page. When its
 * budget lies within their middle half, the machine was too noisy for a verdict: the case says so and is not in order.
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
    // The first visit pays for the browser's start. It does not count, but for making sure that the input is real.
    await measure(context, site, INPUT_RECORDER);
    const rounds: ByPage<Cost>[] = [];
    while (rounds.length < ROUNDS) rounds.push(await visitAll(PAGES, (page) => measure(context, site, page)));
    const traced = await visitAll(SCRIPTED, (page) => trace(context, site, page));

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
        // The reference may add nothing, or noise: that is no measure for anything.
        ratio: each.reference > 0 ? ratio : Number.NaN,
        ok: ok && !each.case.includes(TOO_NOISY),
      })),
    };
  } finally {
    await stop();
    await site.stop();
  }
};
