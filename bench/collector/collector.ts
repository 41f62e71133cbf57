import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { measureFreshness } from "../../scripts/visit/freshness.ts";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { quantile, type Spread, spreadOf } from "../spread.ts";
import { CONNECTIONS, type Load, post } from "./load.ts";
import { makeTraffic, site } from "./traffic.ts";

const WORKERS = {
  tidemark: new URL("../../tests/workerd/workers/unlogged.ts", import.meta.url),
  logged: new URL("./workers/logged.ts", import.meta.url),
  /** The reference of the budget: parses, makes one call to a Durable Object and writes one row. */
  row: new URL("./workers/row.ts", import.meta.url),
  parse: new URL("./workers/parse.ts", import.meta.url),
  hello: new URL("./workers/hello.ts", import.meta.url),
};
type Name = keyof typeof WORKERS;

/** Traffic by size and number of sessions. */
const CASES: {
  title: string;
  events: number;
  sessions: number;
  /** The number of measured batches of one Worker in one round. */
  batches: number;
  /** The minimum share of the reference's batches a second with a log. */
  logged?: number;
  /** Default: {@link CONNECTIONS}. */
  connections?: number;
}[] = [
  { title: "20 events a batch, 200 sessions", events: 20, sessions: 200, batches: 2400, logged: 0.55 },
  { title: "1 event a batch, 200 sessions", events: 1, sessions: 200, batches: 2400, logged: 0.55 },
  { title: "5 events a batch, 200 sessions", events: 5, sessions: 200, batches: 2400 },
  { title: "100 events a batch, 200 sessions", events: 100, sessions: 200, batches: 1800, logged: 0.45 },
  { title: "20 events a batch, one session", events: 20, sessions: 1, batches: 2400 },
  // The first response of a session can wait for its partition.
  {
    ...{ title: "20 events a batch, a new session for each", events: 20, sessions: Number.POSITIVE_INFINITY },
    ...{ batches: 600, connections: 64 },
  },
];

/**
 * Measured rounds. Each sends the same bodies to every Worker, so that a temporary load of the machine affects all of
 * them. Disks are uneven: the share of a single round differs from that of many by up to a sixth.
 */
const ROUNDS = 9;

/**
 * Batches that are sent before the measured ones of a round, as a share of these. Idle sessions send their pushes
 * immediately, and busy ones every 0.8 s. The measurement starts after this transition.
 */
const WARM_UP = 1 / 3;

/**
 * Pause after the turn of a Worker, in milliseconds. A session's pushes follow its response by up to 0.8 s, and a
 * partition's write follows these by up to 0.25 s. Without the pause they would slow down the next Worker.
 */
const REST_MS = 1_500;

/** Minimum share of the reference's batches a second. */
const SHARE = 0.7;

/** Number of freshness probes. */
const PROBES = 1000;

/** Budget for the 99th percentile of the time from an acknowledgement to its effect in a read, in milliseconds. */
const FRESHNESS_MS = 10;

const rounded = (value: number): number => Math.round(value * 100) / 100;

const formatSpread = ({ low, median, high }: Spread): string =>
  `${Math.round(median)} (${Math.round(low)} to ${Math.round(high)})`;

/** Runs a case. The first round is a warm-up and is not measured. */
const runRounds = async (
  workers: Record<Name, Workerd>,
  names: Name[],
  { events, sessions, batches, connections = CONNECTIONS }: (typeof CASES)[0],
) => {
  const uncounted = Math.round(batches * WARM_UP);
  const inRound = uncounted + batches;
  const all = inRound * (ROUNDS + 1);
  const bodies = makeTraffic({ events, batches: all, sessions: Math.min(sessions, all) });
  const expected = JSON.stringify({ accepted: events, duplicates: 0, rejected: [] }).slice(0, -1);
  const rounds: Record<Name, Load>[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const some = bodies.slice(round * inRound, (round + 1) * inRound);
    const loads: [Name, Load][] = [];
    // The order alternates, so that no Worker always follows the same one.
    for (const name of round % 2 ? names : names.toReversed()) {
      loads.push([
        name,
        await post(workers[name].origin, some, {
          uncounted,
          connections,
          ...((name === "tidemark" || name === "logged") && { expected }),
        }),
      ]);
      await setTimeout(REST_MS);
    }
    if (round > 0) rounds.push(Object.fromEntries(loads) as Record<Name, Load>);
  }
  return rounds;
};

/**
 * Measures the deployed Worker on bare workerd: acknowledged batches a second, and the time until an acknowledged event
 * shows in a read. The reference is a minimal durable Worker on the same runtime. The budget is a share of the
 * reference in the same run.
 */
export const collector: Bench = async () => {
  const names = Object.keys(WORKERS) as Name[];
  const started: [Name, Workerd][] = [];
  const table: Record<string, object> = {};
  const measurements: Measurement[] = [];
  try {
    for (const name of names) started.push([name, await startWorkerd(WORKERS[name])]);
    const workers = Object.fromEntries(started) as Record<Name, Workerd>;

    // Before the cases: these leave pushes and alarms of thousands of sessions behind.
    const freshness = await measureFreshness(
      { collector: workers.tidemark, readKey: workers.tidemark.readKey },
      site.key,
      PROBES,
    );

    const runCase = async (each: (typeof CASES)[0], inCase: Name[]) => {
      const rounds = await runRounds(workers, inCase, each);
      const rates = (name: Name) => spreadOf(rounds.map((round) => round[name].rate));
      for (const name of inCase) {
        const latencies = rounds.flatMap((round) => round[name].latencies);
        const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => rounded(quantile(latencies, share)));
        table[`${each.title}: ${name}`] = { "batches/s": formatSpread(rates(name)), p50, p95, p99 };
      }
      return rates;
    };

    for (const each of CASES) {
      const { title, logged } = each;
      const rates = await runCase(each, logged ? ["tidemark", "logged", "row"] : ["tidemark", "row"]);
      const reference = Math.round(rates("row").median);
      const compare = (name: Name, title: string, share: number) =>
        measurements.push({
          case: title,
          value: Math.round(rates(name).median),
          unit: "durable batches/s",
          reference,
          budget: Math.ceil(share * reference),
          bound: "at_least",
        });
      compare("tidemark", title, SHARE);
      if (logged) compare("logged", `${title}, with a log`, logged);
      // These Workers do not depend on the number of sessions, and are measured once. They have their own rounds,
      // because the runtime unloads objects after ten idle seconds, and would load them again in the next turn of their
      // Worker.
      if (each === CASES[0]) await runCase(each, ["parse", "hello"]);
    }

    const p50 = { case: "acknowledged event to its effect in a read, p50", value: freshness.p50 };
    const p99 = { case: "acknowledged event to its effect in a read, p99", value: freshness.p99 };
    const probes = makeTraffic({ events: 1, sessions: 1, batches: PROBES });
    const { latencies } = await post(workers.hello.origin, probes, { connections: 1 });
    const reference = rounded(quantile(latencies, 0.99));
    for (const each of [p50, p99]) measurements.push({ ...each, unit: "ms", reference, budget: FRESHNESS_MS });
  } finally {
    for (const [, worker] of started) await worker.remove();
  }
  console.log(
    `\n${CONNECTIONS} connections; ${ROUNDS} rounds: median (and interquartile range), latency in ms. Each Worker is ` +
      "a workerd process with one thread, and only one of them is active at a time. " +
      `It shares the machine (${availableParallelism()} cores) with the sending process.`,
  );
  console.table(table);
  return report("collector", measurements);
};
