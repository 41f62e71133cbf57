import { fileURLToPath } from "node:url";
import { startChromium } from "@tidemark/cli/chromium";
import { bundle } from "../../scripts/bundle/bundle.ts";
import { bundleScriptTag } from "../../scripts/bundle/script-tag.ts";
import { type Bench, type Measurement, type Report, report } from "../report.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { PEER_NAMES, peerScripts } from "./peers.ts";
import { type Cost, measure, trace } from "./run-page.ts";
import { BARE, startSite } from "./site.ts";
import type { Traced } from "./trace.ts";

const compile = (entry: URL) => bundle(fileURLToPath(entry), "iife");

/** The page with the reference script, `click-buffer.ts`. */
const REFERENCE = "click-buffer";

/** The pages with the signals that most pages use, and with these but hovers. */
const FIVE = "five-signals";
const FOUR = "without-hovers";

/** The pages with budgets of what they add to the bare page: the five signals, and the script tag. */
const CASES = [FIVE, "script-tag"];

/** The page that records all input, to check that it arrives. */
const INPUT_RECORDER = "input-recorder";

/** Number of measured rounds. Each loads every page once, so that a temporary load of the machine affects all pages. */
const ROUNDS = 3;

/** The largest value that passes, and the one that we want. The first is what a quiet machine measures today, and a margin. */
interface Limits {
  budget: number;
  goal: number;
}

/** Limits of the script time added to the bare page, as a multiple of the reference's. */
const TIMES: Record<"reference" | "peers", (Limits & { page: string })[]> = {
  reference: [
    { page: FIVE, budget: 11, goal: 3 },
    { page: FOUR, budget: 9.5, goal: 2.2 },
  ],
  peers: [
    { page: FIVE, budget: 0.9, goal: 0.75 },
    { page: FOUR, budget: 0.7, goal: 0.55 },
  ],
};

/** Limits of the cost added to the bare page. */
const ADDED: (Limits & { figure: keyof Cost; title: string; unit: string })[] = [
  { figure: "scriptAtStart", title: "script time added at the start", unit: "ms", budget: 40, goal: 10 },
  { figure: "layout", title: "style and layout time added", unit: "ms", budget: 10, goal: 10 },
  { figure: "heap", title: "heap added", unit: "KiB", budget: 1280, goal: 1024 },
];

/** Limits of the results of the trace. */
const TRACED: (Limits & { figure: keyof Traced; title: string; unit: string })[] = [
  { figure: "longestScript", title: "longest script in a task", unit: "ms", budget: 40, goal: 10 },
  { figure: "forcedLayouts", title: "forced layouts", unit: "layouts", budget: 0, goal: 0 },
  { figure: "scriptWhileHidden", title: "script time while the page is hidden", unit: "ms", budget: 0, goal: 0 },
];

/** The end of a case's name: its goal, if the budget is another one. */
const goalIn = ({ budget, goal }: Limits): string => (goal === budget ? "" : `, goal ${goal}`);

const TOO_NOISY = ": TOO NOISY, ";

const rounded = (figure: number): number => Math.round(figure * 10) / 10;

const formatSpread = ({ low, median, high }: Spread): string =>
  `${rounded(median)} (${rounded(low)} to ${rounded(high)})`;

/** Costs of one round by page. */
type Round = Record<string, Cost>;

/** Runs a function for each of the pages, one after the other. */
const forEachPage = async <T>(pages: readonly string[], run: (page: string) => Promise<T>) => {
  const found: [string, T][] = [];
  for (const page of pages) found.push([page, await run(page)]);
  return Object.fromEntries(found);
};

/** Measures the bare page and these ones, in rounds. */
const measureRounds = async (pages: readonly string[], run: (page: string) => Promise<Cost>): Promise<Round[]> => {
  // The first run includes the browser's start. It does not count, and checks that the input arrives.
  await run(INPUT_RECORDER);
  const rounds: Round[] = [];
  while (rounds.length < ROUNDS) rounds.push(await forEachPage([BARE, ...pages], run));
  return rounds;
};

/** Prints the costs of every page with their spread: the differences come from these. */
const printCosts = (rounds: Round[]): void => {
  const columns = ["script", "scriptAtStart", "layout", "tasks", "heap"] as const;
  const row = (page: string) =>
    columns.map((figure) => [figure, formatSpread(spreadOf(rounds.map((round) => costOf(round, page)[figure])))]);
  console.log(`\nprocessor time in ms and memory in KiB, median of ${rounds.length} runs (and the middle half)`);
  const pages = Object.keys(rounds[0] ?? {});
  console.table(Object.fromEntries(pages.map((page) => [page, Object.fromEntries(row(page))])));
};

/** @throws Error when the page was not measured. */
const costOf = (round: Round, page: string): Cost => {
  const cost = round[page];
  if (!cost) throw new Error(`the page ${page} was not measured`);
  return cost;
};

/** Returns what a page adds to the bare page of the same round, in each round. */
const addedBy = (rounds: Round[], page: string, figure: keyof Cost): number[] =>
  rounds.map((round) => costOf(round, page)[figure] - costOf(round, BARE)[figure]);

const meanOf = (figures: number[]): number => figures.reduce((sum, each) => sum + each, 0) / figures.length;

/** Returns the measurements of script time, next to the cheapest of some references: the means of all rounds. */
const compareTimes = (rounds: Round[], times: (typeof TIMES)["peers"], references: string[]): Measurement[] => {
  const added = (page: string) => meanOf(addedBy(rounds, page, "script"));
  const cheapest = references.reduce((one, other) => (added(one) <= added(other) ? one : other));
  const reference = added(cheapest);
  return times.map(({ page, ...limits }) => ({
    case: `script time added, ${page}: at most ${limits.budget} of ${cheapest}${goalIn(limits)}`,
    value: rounded(added(page)),
    unit: "ms",
    reference: rounded(reference),
    budget: rounded(reference * limits.budget),
  }));
};

/** Returns the measurements of {@link ADDED}. */
const compareAdded = (rounds: Round[], figures: typeof ADDED, pages: string[], referencePage: string): Measurement[] =>
  figures.flatMap(({ figure, title, unit, ...limits }) => {
    const { budget } = limits;
    const reference = rounded(spreadOf(addedBy(rounds, referencePage, figure)).median);
    return pages.map((page) => {
      const spread = spreadOf(addedBy(rounds, page, figure));
      const noisy = spread.low <= budget && budget < spread.high;
      return {
        case: `${title}, ${page}${goalIn(limits)}${noisy ? `${TOO_NOISY}${formatSpread(spread)}` : ""}`,
        value: rounded(spread.median),
        unit,
        reference,
        budget,
      };
    });
  });

const reportOf = (measurements: Measurement[]): Report => {
  const { bench, results } = report("main-thread", measurements);
  return {
    bench,
    results: results.map(({ ratio, ok, ...each }) => ({
      ...each,
      // Without a positive reference there is no ratio.
      ratio: each.reference > 0 ? ratio : Number.NaN,
      ok: ok && !each.case.includes(TOO_NOISY),
    })),
  };
};

/**
 * Measures the SDK's cost on the main thread of a page in a real Chromium. Each round runs the same sequence (load,
 * real input, leave) on the same page, without a script and with each script.
 *
 * Script time is the mean of the rounds, next to that of a click buffer, or with `peers` next to that of the cheaper of
 * two other libraries. Each other result is the median of the rounds' differences to the bare page. When its budget is
 * within their middle half, the machine was too noisy: the case states that and is not ok.
 */
export const mainThread: Bench = async ({ peers }) => {
  const tag = await bundleScriptTag();
  const site = await startSite({
    [INPUT_RECORDER]: await compile(new URL("./input-recorder.ts", import.meta.url)),
    [REFERENCE]: await compile(new URL("./click-buffer.ts", import.meta.url)),
    [FIVE]: await compile(new URL("../size/five-signals.ts", import.meta.url)),
    [FOUR]: await compile(new URL("./without-hovers.ts", import.meta.url)),
    "script-tag": tag.files[tag.tag] ?? "",
    ...(peers && (await peerScripts())),
  });
  const { context, stop } = await startChromium();
  const run = (page: string) => measure(context, site, page);
  try {
    if (peers) {
      const rounds = await measureRounds([FIVE, FOUR, ...PEER_NAMES], run);
      printCosts(rounds);
      const [start] = ADDED;
      return reportOf([
        ...compareTimes(rounds, TIMES.peers, PEER_NAMES),
        ...compareAdded(rounds, start ? [start] : [], [FIVE], PEER_NAMES[0] ?? BARE),
      ]);
    }
    const rounds = await measureRounds([REFERENCE, FOUR, ...CASES], run);
    const traced = await forEachPage([REFERENCE, ...CASES], (page) => trace(context, site, page));
    printCosts(rounds);
    return reportOf([
      ...compareTimes(rounds, TIMES.reference, [REFERENCE]),
      ...compareAdded(rounds, ADDED, CASES, REFERENCE),
      ...TRACED.flatMap(({ figure, title, unit, ...limits }) =>
        CASES.map((page) => ({
          case: `${title}, ${page}${goalIn(limits)}`,
          value: rounded(traced[page]?.[figure] ?? Number.NaN),
          unit,
          reference: rounded(traced[REFERENCE]?.[figure] ?? Number.NaN),
          budget: limits.budget,
        })),
      ),
    ]);
  } finally {
    await stop();
    await site.stop();
  }
};
