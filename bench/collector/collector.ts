import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { measureFreshness } from "../../scripts/visit/freshness.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { CONNECTIONS, type Load, post } from "./load.ts";
import { makeTraffic, site } from "./traffic.ts";
import { startWorkerd, type Workerd } from "./workerd.ts";

const WORKERS = {
  tidemark: new URL("../../worker.ts", import.meta.url),
  /** Parses, makes one call to a Durable Object and writes one row: what the budget is a share of. */
  row: new URL("./workers/row.ts", import.meta.url),
  parse: new URL("./workers/parse.ts", import.meta.url),
  hello: new URL("./workers/hello.ts", import.meta.url),
};
type Name = keyof typeof WORKERS;

/** Traffic by size and by sessions. `batches` is what is counted of one Worker in one round. */
const CASES = [
  { title: "20 events a batch, 200 sessions", events: 20, sessions: 200, batches: 2400 },
  { title: "1 event a batch, 200 sessions", events: 1, sessions: 200, batches: 2400 },
  { title: "5 events a batch, 200 sessions", events: 5, sessions: 200, batches: 2400 },
  { title: "100 events a batch, 200 sessions", events: 100, sessions: 200, batches: 1800 },
  { title: "20 events a batch, one session", events: 20, sessions: 1, batches: 2400 },
  { title: "20 events a batch, a new session for each", events: 20, sessions: Number.POSITIVE_INFINITY, batches: 600 },
];

/**
 * Counted rounds: each puts the same bodies to every Worker, so that what disturbs the machine for a while disturbs all. Disks are
 * uneven: the share of a single round lies up to a sixth beside that of many.
 */
const ROUNDS = 9;

/**
 * Share of a round's batches that are sent before any is counted. Sessions that were silent tell rollups at once what they got, and
 * then all of them 0.8 s later: what is counted is to be as it is when that goes on.
 */
const UNCOUNTED = 1 / 3;

/**
 * How long a Worker is left alone after its turn, in milliseconds: what a session tells rollups follows its answer by up to 0.8 s,
 * and what a shard writes that by 0.25 s. In the turn of another it would be the other that is slowed down.
 */
const REST_MS = 1_500;

/** Least share of the reference's batches a second. */
const SHARE = 0.75;

/** How often freshness is probed. */
const PROBES = 1000;

/** Longest time from an acknowledgement to its effect in a read, in milliseconds, for 99 of 100. */
const FRESHNESS_MS = 10;

const rounded = (figure: number): number => Math.round(figure * 100) / 100;

/** The value below which so much of the figures lies. */
const quantile = (figures: number[], share: number): number => {
  const sorted = figures.toSorted((one, other) => one - other);
  return rounded(sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN);
};

const words = ({ low, median, high }: Spread): string =>
  `${Math.round(median)} (${Math.round(low)} to ${Math.round(high)})`;

/** One case, round by round. The first round warms up and does not count. */
const play = async (
  workers: Record<Name, Workerd>,
  names: Name[],
  { events, sessions, batches }: (typeof CASES)[0],
) => {
  const uncounted = Math.round(batches * UNCOUNTED);
  const inRound = uncounted + batches;
  const all = inRound * (ROUNDS + 1);
  const bodies = makeTraffic({ events, batches: all, sessions: Math.min(sessions, all) });
  const expected = JSON.stringify({ accepted: events, duplicates: 0, rejected: [] });
  const rounds: Record<Name, Load>[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const some = bodies.slice(round * inRound, (round + 1) * inRound);
    const loads: [Name, Load][] = [];
    // Forth and back, so that no Worker always has the same one before it.
    for (const name of round % 2 ? names : names.toReversed()) {
      loads.push([
        name,
        await post(workers[name].origin, some, { uncounted, ...(name === "tidemark" && { expected }) }),
      ]);
      await setTimeout(REST_MS);
    }
    if (round > 0) rounds.push(Object.fromEntries(loads) as Record<Name, Load>);
  }
  return rounds;
};

/**
 * The deployed Worker on bare workerd, beside the least that a durable collector does and on the same runtime: acknowledged
 * batches a second, and how soon an acknowledged event shows in a read. The budget is a share of the reference in the same run.
 */
export const collector: Bench = async () => {
  const names = Object.keys(WORKERS) as Name[];
  const started: [Name, Workerd][] = [];
  const table: Record<string, object> = {};
  const measurements: Measurement[] = [];
  try {
    for (const name of names) started.push([name, await startWorkerd(WORKERS[name])]);
    const workers = Object.fromEntries(started) as Record<Name, Workerd>;

    const playCase = async (each: (typeof CASES)[0], played: Name[]) => {
      const rounds = await play(workers, played, each);
      const rates = (name: Name) => spreadOf(rounds.map((round) => round[name].rate));
      for (const name of played) {
        const latencies = rounds.flatMap((round) => round[name].latencies);
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => quantile(latencies, share));
        table[`${each.title}: ${name}`] = { "batches/s": words(rates(name)), p50, p95, p99 };
      }
      return rates;
    };

    for (const each of CASES) {
      const rates = await playCase(each, ["tidemark", "row"]);
      const reference = Math.round(rates("row").median);
      measurements.push({
        case: each.title,
        value: Math.round(rates("tidemark").median),
        unit: "durable batches/s",
        reference,
        budget: Math.ceil(SHARE * reference),
        bound: "at_least",
      });
      // What does not change with size and sessions is measured once, and apart: objects that nobody calls for ten seconds are
      // put away, and would have to be read again in the turn of the Worker that waits longest.
      if (each === CASES[0]) await playCase(each, ["parse", "hello"]);
    }

    const freshness = await measureFreshness(
      { collector: workers.tidemark, readKey: workers.tidemark.readKey },
      site.key,
      PROBES,
    );
    const p50 = { case: "acknowledged event to its effect in a read, p50", value: freshness.p50 };
    const p99 = { case: "acknowledged event to its effect in a read, p99", value: freshness.p99 };
    const reference = quantile(
      (await post(workers.hello.origin, makeTraffic({ events: 1, sessions: 1, batches: PROBES }), { connections: 1 }))
        .latencies,
      0.99,
    );
    for (const each of [p50, p99]) measurements.push({ ...each, unit: "ms", reference, budget: FRESHNESS_MS });
  } finally {
    for (const [, worker] of started) await worker.remove();
  }
  console.log(
    `\n${CONNECTIONS} connections; ${ROUNDS} rounds: median (and where the middle half lies), latency in ms. Each Worker is ` +
      `a workerd process with one thread, one of them at work at a time; it shares the machine (${availableParallelism()} cores) ` +
      "with the process that sends.",
  );
  console.table(table);
  return report("collector", measurements);
};
