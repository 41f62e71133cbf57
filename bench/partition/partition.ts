import { type Bills, billsOf, sumOf, totalOf } from "../cost/bill.ts";
import type { PartCounts } from "../cost/counts.ts";
import { play, type Usage } from "../cost/play.ts";
import { sentBatches } from "../cost/sdk-traffic.ts";
import { countEvents, schedule } from "../cost/traffic.ts";
import { kindsOf } from "../cost/visits.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { ISOLATE_REQUESTS, ISOLATES, simulateIsolates } from "../simulation/isolates.ts";
import { LATENCY_MS, type SimulatedObject } from "../simulation/platform.ts";
import { quantile } from "../spread.ts";
import { SITE, simulate } from "./simulate.ts";

/** Limits of the platform, by its documentation: calls to an object in a second, and bytes of a value and of a call. */
const LIMITS = { calls: 1_000, value: 2_000_000, call: 32 * 1024 * 1024 };

/** Longest time from a batch to its effect in a read, in milliseconds. */
const FRESHNESS_MS = 3_000;

/** Visits that are played on the real runtime, for the cost of the sessions and of the Worker. */
const PLAYED = { title: "the sessions", visits: 60, everyMs: 50 };

const rounded = (value: number, digits = 3): number => Math.round(value * 10 ** digits) / 10 ** digits;

/** Plays some visits on the real runtime. Returns the used resources, and the number of events. */
const playSessions = async (): Promise<{ usage: Usage; events: number }> => {
  const visits = await Promise.all(kindsOf(PLAYED.visits).map((visit, seed) => sentBatches(visit, seed + 1)));
  const batches = schedule(PLAYED, Date.now(), visits);
  const usage = await play(new URL("../cost/workers/tidemark.ts", import.meta.url), batches);
  return { usage, events: countEvents(batches) };
};

/** The sum of the usage of a part's objects. */
const sumOfPart = (objects: SimulatedObject[]): PartCounts => {
  const sum: PartCounts = { objectRequests: 0, activeMs: 0, rowsWritten: 0, rowsRead: 0, alarmsSet: 0 };
  for (const { usage } of objects) {
    sum.objectRequests += usage.calls;
    sum.activeMs += usage.activeMs;
    sum.rowsWritten += usage.rowsWritten;
    sum.rowsRead += usage.rowsRead;
  }
  return sum;
};

const printParts = (
  objects: Record<string, number>,
  counts: Record<string, PartCounts>,
  bills: Bills,
  events: number,
): void => {
  const rows = Object.entries(bills).map(([part, bill]) => [
    part,
    {
      objects: objects[part],
      "calls an event": rounded((counts[part]?.objectRequests ?? 0) / events, 4),
      "rows an event": rounded((counts[part]?.rowsWritten ?? 0) / events, 4),
      "USD, a million events": rounded(sumOf(bill), 4),
    },
  ]);
  console.table(Object.fromEntries(rows));
  console.log(`All parts: ${rounded(totalOf(bills))} USD for a million events.`);
};

/**
 * Simulates a site with a million sessions an hour, and one page that half of them see: calls, rows and cost by part,
 * and the load of the busiest object.
 *
 * The simulation runs the real partitions, shards and push loops on simulated time, with batches by the SDK's own rule.
 * Sessions and the Worker are counted on the real runtime. Meters and metrics objects have a simulation of their own.
 */
export const partition: Bench = async () => {
  const simulated = await simulate();
  const { objects, events, batches, freshMs, storedBytes, cpuMsPerBatch } = simulated;
  const played = await playSessions();
  const metrics = await simulateIsolates();
  const [partitions, shards] = ["PARTITION", "ENTITY_SHARD"].map((part) =>
    objects.filter((each) => each.part === part),
  );
  if (!partitions || !shards) throw new Error("there are no objects");

  // The amounts of the sessions are those of the played visits, for as many events as the simulation has.
  const share = events / played.events;
  const scaled = (counts: PartCounts | undefined) =>
    Object.fromEntries(
      Object.entries(counts ?? {}).map(([name, amount]) => [name, amount * share]),
    ) as unknown as PartCounts;
  const parts = {
    SESSION: scaled(played.usage.parts.SESSION),
    PARTITION: sumOfPart(partitions),
    ENTITY_SHARD: sumOfPart(shards),
    METRICS: {
      objectRequests: metrics.calls * SITE.measuredS,
      activeMs: metrics.activeMs * SITE.measuredS,
      rowsWritten: metrics.rowsWritten * SITE.measuredS,
      rowsRead: metrics.rowsRead * SITE.measuredS,
      alarmsSet: 0,
    },
  };
  const bills = billsOf(
    {
      requests: batches,
      cpuMs: played.usage.cpuMs * share,
      parts,
      bytes: { SESSION: (played.usage.bytes.SESSION ?? 0) * share, ENTITY_SHARD: storedBytes },
    },
    events,
  );

  console.log(
    `\nAssumptions: ${SITE.sessionsAnHour.toLocaleString("en")} sessions an hour, each of another visitor, from the first session of ` +
      `the site on; ${SITE.hotShare * 100} percent of them see one page, and the others ${SITE.pages.toLocaleString("en")} pages; ` +
      `the visits of \`bench cost\`, as the SDK sends them; a call between objects takes ${LATENCY_MS} ms in each ` +
      `direction; all sessions learn of a split at once; ${ISOLATES} isolates serve ${ISOLATE_REQUESTS} requests a second each. ` +
      `Measured after ${SITE.warmUpS} s, for ${SITE.measuredS} s: ${Math.round(batches / SITE.measuredS)} batches and ` +
      `${Math.round(events / SITE.measuredS)} events a second. Processor time of the simulation for a batch: ` +
      `${rounded(cpuMsPerBatch)} ms, in all objects together.`,
  );
  printParts(
    { PARTITION: partitions.length, ENTITY_SHARD: shards.length, METRICS: metrics.objects },
    parts,
    bills,
    events,
  );

  const measurements: Measurement[] = [];
  const busiest = (title: string, of: SimulatedObject[]) =>
    measurements.push({
      case: `${title}, calls in its busiest second`,
      value: Math.max(...of.map(({ busiestSecond }) => busiestSecond)),
      unit: "calls/s",
      reference: rounded(sumOfPart(of).objectRequests / of.length / SITE.measuredS, 1),
      budget: LIMITS.calls,
    });
  busiest("the busiest partition", partitions);
  busiest("the busiest shard, with the page that half of the sessions see", shards);
  measurements.push(
    {
      case: "the busiest metrics object, calls in its busiest second",
      value: metrics.busiestSecond,
      unit: "calls/s",
      reference: rounded(metrics.calls / metrics.objects, 1),
      budget: LIMITS.calls,
    },
    {
      case: "the longest stored value",
      value: Math.max(...objects.map(({ largestValue }) => largestValue)),
      unit: "characters",
      reference: quantile(
        objects.map(({ largestValue }) => largestValue),
        0.5,
      ),
      budget: LIMITS.value,
    },
    {
      case: "the longest call",
      value: Math.max(...objects.map(({ largestCall }) => largestCall)),
      unit: "characters",
      reference: quantile(
        objects.map(({ largestCall }) => largestCall),
        0.5,
      ),
      budget: LIMITS.call,
    },
    {
      case: "a batch to its effect in a read of its user, p99",
      value: quantile(freshMs, 0.99),
      unit: "ms",
      reference: quantile(freshMs, 0.5),
      budget: FRESHNESS_MS,
    },
  );
  return report("partition", measurements);
};
