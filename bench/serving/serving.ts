import { type Bench, type Measurement, report } from "../report.ts";
import { quantile } from "../spread.ts";
import { measureFeast } from "./feast-reads.ts";
import { measureBare } from "./ingest.ts";
import { measureOwn } from "./own-reads.ts";

/** Budgets of the 99th percentile without ingest, in milliseconds: a read of one vector, and of many. */
const IDLE = { one: 10, many: 50 };

/** Budgets under ingest, in times of the 99th percentile of a batch of the reference. */
const BUSY = { one: 1.5, many: 2.5 };

const rounded = (value: number): number => Math.round(value * 10) / 10;

const percentiles = (latencies: number[]) => {
  const [p50 = 0, p95 = 0, p99 = 0] = [0.5, 0.95, 0.99].map((share) => rounded(quantile(latencies, share)));
  return { p50, p95, p99 };
};

/** Measures Feast's server with both stores. Prints its latencies as times of the collector's for the same read. */
const compareFeast = async ({ idle, vectors, online }: Awaited<ReturnType<typeof measureOwn>>): Promise<void> => {
  const [name, latencies] = Object.entries(idle).find(([each]) => each.endsWith("get-online-features")) ?? ["", []];
  const own = percentiles(latencies);
  const times = (feast: number, mine: number) => Math.round((feast / mine) * 100) / 100;
  const rows: Record<string, object> = { collector: own };
  for (const store of ["SQLite", "Redis"] as const) {
    const feast = await measureFeast(store, vectors, online);
    const [read, freshness] = [percentiles(feast.latencies), percentiles(feast.freshness)];
    rows[`Feast with ${store}`] = {
      ...{ ...read, "p50, times": times(read.p50, own.p50), "p99, times": times(read.p99, own.p99) },
      ...{ "freshness, p50": freshness.p50, "freshness, p99": freshness.p99 },
    };
  }
  console.log(`\n${name}, without ingest, in ms and as times of the collector's; the same values:`);
  console.table(rows);
};

/**
 * Measures reads on bare workerd, single and of many vectors, without ingest and under half of the maximum ingest.
 *
 * At that load the runtime collects garbage every few seconds for some 50 ms, in which its only thread responds to
 * nothing. The reference, a Worker that writes one row for each batch, has these pauses too. With `--feast`, Feast's own
 * server with SQLite and with Redis serves the same values on the same machine.
 */
export const serving: Bench = async ({ feast = false }) => {
  const bare = await measureBare();
  const own = await measureOwn();
  const cases = [
    { title: "without ingest", reads: own.idle, reference: bare.idle, budget: IDLE },
    {
      ...{ title: "at half of the maximum ingest", reads: own.busy, reference: bare.busy },
      budget: { one: BUSY.one * quantile(bare.busy, 0.99), many: BUSY.many * quantile(bare.busy, 0.99) },
    },
  ];
  console.log(
    `\nLatencies in ms. Half of the maximum ingest: ${Math.round(own.rate / 2)} batches of 20 events a second.`,
  );
  console.table(
    Object.fromEntries(
      cases.flatMap(({ title, reads }) =>
        Object.entries(reads).map(([name, latencies]) => [
          `${name}, ${title}`,
          { reads: latencies.length, ...percentiles(latencies) },
        ]),
      ),
    ),
  );
  console.log(`An acknowledged event is in a read after ${own.freshness.p50} ms (p50), ${own.freshness.p99} ms (p99).`);
  if (feast) await compareFeast(own);
  const measurements = cases.flatMap(({ title, reads, reference, budget }) =>
    Object.entries(reads).map(
      ([name, latencies]): Measurement => ({
        ...{ case: `${name}, ${title}, p99; reference: a batch of one row, likewise`, unit: "ms" },
        value: rounded(quantile(latencies, 0.99)),
        reference: rounded(quantile(reference, 0.99)),
        budget: rounded(name.startsWith("one") ? budget.one : budget.many),
      }),
    ),
  );
  return report("serving", measurements);
};
