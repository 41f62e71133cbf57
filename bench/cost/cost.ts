import type { TrackerOptions } from "@tidemark/sdk";
import { SEND_WITHIN_MS } from "../../packages/sdk/src/delivery/batch-age.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { ISOLATE_REQUESTS, ISOLATES, type MetricsUsage, simulateIsolates } from "../simulation/isolates.ts";
import { quantile } from "../spread.ts";
import { type Bills, billsOf, growthOf, sumOf, totalOf } from "./bill.ts";
import { play, type Usage } from "./play.ts";
import { prices } from "./prices.ts";
import { sentBatches } from "./sdk-traffic.ts";
import { countEvents, fullBatches, type SentBatch, type Site, schedule } from "./traffic.ts";
import { kinds, kindsOf, type Visit } from "./visits.ts";

/** Visits of a hundred events, in batches of twenty. */
const BATCHES = 5;
const EVENTS = 20;

/** One visit at a time. The objects of a session and of the site are unloaded between two batches. */
const LONE: Site = { title: "a site with one visit at a time", visits: 30 };
/** Two batches a second: most writes contain data of one visitor. */
const QUIET: Site = { title: "a quiet site", visits: 80, everyMs: 2_500 };
/** A hundred batches a second, in five waves: a third of the load at which the site's first partition splits. */
const BUSY: Site = { title: "a busy site", visits: 400, everyMs: 10, hasManyIsolates: true };
/** Some fifteen batches a second: the pushes of a few visitors share a write. */
const AS_SENT: Site = { title: "a busy site, as the SDK sends", visits: 300, everyMs: 20, hasManyIsolates: true };
/** Visits for the cost of one kind of visitor. */
const OF_KIND = { visits: 60, everyMs: 20, hasManyIsolates: true } as const;

/** Highest costs of a million events, in USD. */
const BUDGETS = { quiet: 0.35, busy: 0.31, asSent: 0.55 };
/** Highest cost that is added to a million events of a busy site whose pages follow their sessions, in USD. */
const FOLLOWED = 0.05;
const WITH_LOG = { full: 0.45, asSent: 0.65 };
/** Highest cost of a sink for a million events, in USD. */
const SINK = 0.05;
/** Highest cost of the metrics of a million events, in USD. */
const METRICS = 0.03;
/** Highest cost of the predictions that a million events cause, in USD. */
const PREDICTIONS = 0.03;

/** Values of the option `sendWithin` in the table of cost and freshness, in milliseconds. */
const SETTINGS = [2_000, 10_000, 30_000, SEND_WITHIN_MS, 120_000];

const TIDEMARK = new URL("./workers/tidemark.ts", import.meta.url);
const LOGGED = new URL("./workers/logged.ts", import.meta.url);
const PREDICTING = new URL("./workers/predicting.ts", import.meta.url);
const SINKING = new URL("./workers/sinking.ts", import.meta.url);
const BARE = new URL("./workers/row.ts", import.meta.url);

const MILLION = 1e6;

/** The secret of the followed sessions. */
const SECRET = "1".repeat(32);

const rounded = (value: number, digits = 3): number => Math.round(value * 10 ** digits) / 10 ** digits;

/**
 * Replaces the counted calls of the only isolate to the metrics by those of many isolates: an isolate that serves all
 * requests would hide them on a busy site.
 */
const withManyIsolates = (usage: Usage, metrics: MetricsUsage): Usage => {
  const seconds = usage.requests / (ISOLATES * ISOLATE_REQUESTS);
  const { calls, rowsWritten, rowsRead, activeMs } = metrics;
  const METRICS = {
    objectRequests: calls * seconds,
    activeMs: activeMs * seconds,
    rowsWritten: rowsWritten * seconds,
    rowsRead: rowsRead * seconds,
    alarmsSet: 0,
  };
  return { ...usage, parts: { ...usage.parts, METRICS } };
};

const printBills = (title: string, { requests, parts }: Usage, bills: Bills, events: number): void => {
  const perMillion = (amount: number) => Math.round((amount * MILLION) / events);
  console.log(
    `\n${title}, for a million events: ${perMillion(requests)} requests of ${rounded(events / requests, 1)} events; calls, ` +
      "rows and alarms by part, and USD",
  );
  const rows = Object.entries(bills).map(([part, bill]) => {
    const { objectRequests = 0, rowsWritten = 0, alarmsSet = 0 } = parts[part] ?? {};
    const usd = Object.keys(prices).map((name) => [name, rounded(bill[name as keyof typeof prices], 4)]);
    return [
      part,
      {
        calls: perMillion(objectRequests),
        rows: perMillion(rowsWritten),
        "of these, alarms set": perMillion(alarmsSet),
        ...Object.fromEntries(usd),
        "all, USD": rounded(sumOf(bill), 4),
      },
    ];
  });
  console.table(Object.fromEntries(rows));
};

/** Measures the bill of a million events of a site, and prints it by part. */
const measureBills = async (
  site: Site,
  visits: SentBatch[][],
  metrics: MetricsUsage,
  worker = TIDEMARK,
  isFollowed = false,
): Promise<Bills> => {
  const batches = schedule(site, Date.now(), visits);
  const events = countEvents(batches);
  const counted = await play(worker, batches, isFollowed);
  const usage = site.hasManyIsolates ? withManyIsolates(counted, metrics) : counted;
  const bills = billsOf(usage, events);
  printBills(site.title, usage, bills, events);
  return bills;
};

/** Measures the cost of a million events of a site, in USD. */
const measure = async (...measured: Parameters<typeof measureBills>): Promise<number> =>
  totalOf(await measureBills(...measured));

/** Measures the cost of a million events of a site on the reference. */
const measureBare = async (site: Site, visits: SentBatch[][]): Promise<number> => {
  const batches = schedule(site, Date.now(), visits);
  return totalOf(billsOf(await play(BARE, batches), countEvents(batches)));
};

/** The batches of a visit of each of the given kinds, as the SDK sends them. */
const asSent = (visits: Visit[], options?: Partial<TrackerOptions>): Promise<SentBatch[][]> =>
  Promise.all(visits.map((visit, seed) => sentBatches(visit, seed + 1, options)));

/** The age of each event when it is sent, in milliseconds. */
const agesOf = (visits: SentBatch[][]): number[] =>
  visits.flat().flatMap(({ at, batch }) => batch.events.map(({ time }) => at - time));

/**
 * Measures the cost of a million events at list price: in batches of twenty, and as the SDK sends them.
 *
 * The operations are counted on the real runtime, including calls between objects, alarms, the unloading of idle
 * objects, the closing of sessions and their deletion. The Worker's clock jumps over the times in which nothing happens.
 * Processor time is that of the whole process, and is an upper bound. Storage is priced for one month, and that of
 * sessions for the time of their lives. The reference is the same traffic through a Worker that parses, makes one call and
 * writes one row.
 */
export const cost: Bench = async () => {
  const measurements: Measurement[] = [];
  const metrics = await simulateIsolates();
  const compare = async (
    site: Site,
    visits: SentBatch[][],
    budget: number,
    title = site.title,
    worker = TIDEMARK,
  ): Promise<number> => {
    const bills = await measureBills({ ...site, title }, visits, metrics, worker);
    const value = rounded(totalOf(bills));
    const reference = rounded(await measureBare(site, visits));
    measurements.push({ case: `a million events of ${title}`, value, unit: "USD", reference, budget });
    const share = rounded(bills.METRICS ? sumOf(bills.METRICS) : 0);
    measurements.push({
      case: `metrics for a million events of ${title}`,
      value: share,
      unit: "USD",
      reference: value,
      budget: METRICS,
    });
    return value;
  };
  console.log(
    `\nAssumptions: a busy site is served by isolates like ${ISOLATES} others, with ${ISOLATE_REQUESTS} requests a second each. ` +
      `In simulation they make ${Math.round(metrics.calls)} calls a second to ${metrics.objects} metrics objects, which ` +
      `write ${Math.round(metrics.rowsWritten)} rows. A quiet site has one isolate.`,
  );
  const full = ({ visits }: Site) => Array.from({ length: visits }, () => fullBatches(BATCHES, EVENTS));
  await measure(LONE, full(LONE), metrics);
  await compare(QUIET, full(QUIET), BUDGETS.quiet, `${QUIET.title}, ${EVENTS} a batch`);
  await compare(BUSY, full(BUSY), BUDGETS.busy, `${BUSY.title}, ${EVENTS} a batch`);
  const compareLogged = (site: Site, visits: SentBatch[][], budget: number) =>
    compare(site, visits, budget, `${site.title}, with a log`, LOGGED);
  const compareSinking = async (site: Site, reference: number) => {
    const title = `${site.title}, with a log and a sink`;
    const all = rounded(await measure({ ...site, title }, full(site), metrics, SINKING));
    const [value, unit] = [rounded(all - reference), "USD"];
    measurements.push({ case: `a sink for a million events of ${site.title}`, value, unit, reference, budget: SINK });
  };
  await compareSinking(QUIET, await compareLogged(QUIET, full(QUIET), WITH_LOG.full));
  const comparePredicting = async (site: Site, visits: SentBatch[][], reference: number) => {
    const title = `${site.title}, with a log and a model of 60 trees that runs on change`;
    const all = rounded(await measure({ ...site, title }, visits, metrics, PREDICTING));
    const value = rounded(all - reference);
    const unit = "USD";
    measurements.push({
      case: `predictions for a million events of ${site.title}`,
      value,
      unit,
      reference,
      budget: PREDICTIONS,
    });
  };
  const logged = await compareLogged(BUSY, full(BUSY), WITH_LOG.full);
  await compareSinking(BUSY, logged);
  await comparePredicting(BUSY, full(BUSY), logged);
  const sent = await asSent(kindsOf(AS_SENT.visits));
  await comparePredicting(AS_SENT, sent, await compareLogged(AS_SENT, sent, WITH_LOG.asSent));

  for (const [kind, { visit }] of Object.entries(kinds))
    await measure(
      { ...OF_KIND, title: `As the SDK sends: a visitor who ${kind}` },
      await asSent(Array.from({ length: OF_KIND.visits }, () => visit)),
      metrics,
    );
  const settings: Record<string, object> = {};
  for (const sendWithin of SETTINGS) {
    const visits = await asSent(kindsOf(AS_SENT.visits), { sendWithin });
    const batches = visits.flat();
    const site = { ...AS_SENT, title: `${AS_SENT.title} with sendWithin ${sendWithin / 1000} s` };
    const isDefault = sendWithin === SEND_WITHIN_MS;
    const usd = isDefault ? await compare(site, visits, BUDGETS.asSent) : await measure(site, visits, metrics);
    const ages = agesOf(visits);
    settings[`${sendWithin / 1000} s${isDefault ? ", the default" : ""}`] = {
      "USD, a million events": rounded(usd, 2),
      "events a batch": rounded(countEvents(batches) / batches.length, 1),
      "age when sent, s: median": rounded(quantile(ages, 0.5) / 1000, 1),
      p95: rounded(quantile(ages, 0.95) / 1000, 1),
      longest: rounded(quantile(ages, 1) / 1000, 1),
    };
  }
  const followed = (await asSent(kindsOf(AS_SENT.visits))).map((sent) =>
    sent.map(({ at, batch }) => ({ at, batch: { ...batch, session_secret: SECRET } })),
  );
  const title = `${AS_SENT.title}, and follow their sessions`;
  const alone = await measureBills(AS_SENT, followed, metrics);
  const value = rounded(growthOf(alone, await measureBills({ ...AS_SENT, title }, followed, metrics, TIDEMARK, true)));
  const reference = rounded(totalOf(alone));
  measurements.push({
    case: "pages that follow, added to a million events",
    value,
    unit: "USD",
    reference,
    budget: FOLLOWED,
  });
  console.log("\nCost and freshness of a busy site by the SDK's option sendWithin:");
  console.table(settings);
  return report("cost", measurements);
};
