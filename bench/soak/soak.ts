import { setTimeout as sleep } from "node:timers/promises";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { compareWithReplay } from "./compare.ts";
import config from "./config.ts";
import type { Target } from "./deliver.ts";
import { runVisit, type Visit } from "./visits.ts";

const WORKER = new URL("./workers/faulty.ts", import.meta.url);
const LIMITS = new URL("./workers/limits.ts", import.meta.url);

/** Default duration of the traffic, in minutes. */
const MINUTES = 10;

/** Number of sessions that are open at the same time. */
const SESSIONS = 24;

/** Share of the time in which the collector is killed. Its memory is measured in the rest. */
const KILLED = 0.4;

/** Mean time from one kill to the next, in milliseconds. */
const KILL_EVERY_MS = 12_000;

/** Share of the time without kills after which the memory is measured: before it, caches fill up. */
const WARM_UP = 0.25;

/** Time from one measurement of the memory to the next, in milliseconds. */
const SAMPLE_MS = 500;

/** Shortest duration for which the memory is compared, in minutes: before it, caches fill up. */
const FLAT_FROM = 4;

/** Largest growth of the memory from the first half of its measurements to the second one. */
const GROWTH = 1.15;

/** Number of differences, and of measurements of the memory, that are printed. */
const PRINTED = 20;

/** Kills and restarts the collector until a time. Returns the number of kills. */
const killUntil = async (worker: Workerd, end: number, setUp: (up: Promise<void>) => void): Promise<number> => {
  for (let kills = 0; ; kills += 1) {
    await sleep(Math.min(KILL_EVERY_MS * (0.5 + Math.random()), Math.max(0, end - Date.now())));
    if (Date.now() >= end) return kills;
    const restarted = worker.kill().then(() => worker.restart());
    setUp(restarted);
    await restarted;
  }
};

/** Measures the collector's memory until a time. Returns the measurements in MB. */
const memoryUntil = async (worker: Workerd, end: number): Promise<number[]> => {
  await sleep(WARM_UP * (end - Date.now()));
  const samples: number[] = [];
  while (Date.now() < end || samples.length < 2) {
    samples.push((await worker.memoryBytes()) / 1e6);
    await sleep(SAMPLE_MS);
  }
  return samples;
};

/** Some of many measurements, at equal distances. */
const someOf = (samples: readonly number[]): number[] => {
  const every = Math.ceil(samples.length / PRINTED);
  return samples.filter((_, index) => index % every === 0).map(Math.round);
};

/** Lets visits begin until a time, as many at a time as {@link SESSIONS}. Returns them once all have ended. */
const runVisits = async (target: Target, end: number): Promise<Visit[]> => {
  const visits: Visit[] = [];
  const visitor = async () => {
    while (Date.now() < end) await runVisit(target, (visit) => visits.push(visit));
  };
  await Promise.all(Array.from({ length: SESSIONS }, visitor));
  return visits;
};

/**
 * Runs the real collector on bare workerd under faults. Requests are cut, abandoned, doubled and reordered, calls between
 * objects fail, and the process is killed. Meanwhile partitions are split, and sessions close and open again.
 *
 * Then compares every vector with a replay of the log, and the log with what was acknowledged. The process must not grow:
 * a run of ten minutes shows some 80 KB a session.
 */
export const soak: Bench = async ({ minutes = MINUTES }) => {
  const secret = () => crypto.randomUUID();
  const adminKey = secret();
  const readKeys = Object.fromEntries(config.sites.map(({ readKeySecret }) => [readKeySecret, secret()]));
  const secrets = { [config.adminKeySecret]: adminKey, ...readKeys };
  const worker = await startWorkerd(WORKER, secrets, { "@tidemark/schema/limits": LIMITS });
  try {
    let up = Promise.resolve();
    const target = { origin: worker.origin, isUp: () => up.then(worker.expectRunning) };
    const [start, duration] = [Date.now(), minutes * 60_000];
    const running = runVisits(target, start + duration);
    const measuring = async () => {
      const kills = await killUntil(worker, start + KILLED * duration, (restarted) => {
        up = restarted;
      });
      return { kills, memory: await memoryUntil(worker, start + duration) };
    };
    const [visits, { kills, memory }] = await Promise.all([running, measuring()]);

    const readKeyOf = (site: string) => readKeys[`${site.toUpperCase()}_READ_KEY`] ?? "";
    const compared = await compareWithReplay({ origin: worker.origin, adminKey, readKeyOf }, visits);
    const acknowledged = visits.reduce((sum, { accepted }) => sum + accepted, 0);
    console.log(
      `\n${minutes} minutes, ${config.sites.length} sites, ${visits.length} sessions, ${kills} kills, ` +
        `${acknowledged} acknowledged events, ${compared.events} in the log\n` +
        `memory in MB over the time without kills: ${someOf(memory).join(" ")}`,
    );
    const half = memory.length / 2;
    const { median: first } = spreadOf(memory.slice(0, half));
    const { median: second } = spreadOf(memory.slice(half));
    const none = { budget: 0, reference: acknowledged };
    const measurements: Measurement[] = [
      { case: "acknowledged events missing in the log", value: compared.missing, unit: "events", ...none },
      { case: "events twice in the log", value: compared.twice, unit: "events", ...none },
      {
        ...{ case: "sessions with wrong counts of delivery", value: compared.delivery.length, unit: "sessions" },
        ...{ budget: 0, reference: visits.length },
      },
      {
        ...{ case: "sessions without a final vector", value: compared.open, unit: "sessions" },
        ...{ budget: 0, reference: visits.length },
      },
      {
        ...{ case: "final vectors and orders of records that differ", value: compared.disagreements.length },
        ...{ unit: "differences", budget: 0, reference: compared.vectors },
      },
    ];
    for (const [entity, { compared: all, differences }] of compared.entities)
      measurements.push({
        ...{ case: `${entity}: vectors that differ from a replay`, value: differences.length, unit: "vectors" },
        ...{ budget: 0, reference: all },
      });
    if (minutes >= FLAT_FROM)
      measurements.push({
        ...{ case: "memory of the process, second half next to the first", value: Math.round(second) },
        ...{ unit: "MB", reference: Math.round(first), budget: Math.round(GROWTH * first) },
      });
    const problems = [
      ...compared.delivery,
      ...compared.disagreements,
      ...[...compared.entities.values()].flatMap(({ differences }) => differences),
    ];
    for (const problem of problems.slice(0, PRINTED)) console.error(problem);
    return report("soak", measurements);
  } finally {
    await worker.remove();
  }
};
