import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Arbitrary,
  array,
  constantFrom,
  double,
  integer,
  letrec,
  oneof,
  record,
  sample,
  tuple,
  uniqueArray,
} from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { programs, runTool } from "../../packages/cli/src/drill/servers.ts";
import {
  type Family,
  families,
  isHistogram,
  type Samples,
  sampleKey,
} from "../../packages/collector/src/metrics/families.ts";
import { alerts } from "../../packages/collector/src/monitor/alerts.ts";
import { evaluateCondition, evaluateQuery, type LabelledValue } from "../../packages/collector/src/monitor/evaluate.ts";
import { History, namesIn } from "../../packages/collector/src/monitor/history.ts";
import { toPromql } from "../../packages/collector/src/monitor/promql.ts";
import type { Condition, Plain, Query } from "../../packages/collector/src/monitor/query.ts";

/** Time between two samples, in seconds. */
const EVERY_S = 10;

/** Number of random sets of series. */
const RUNS = 120;

/** Number of queries and of conditions for each set. */
const EACH = 12;

/** Largest number of rounds: ten minutes, of which the history keeps all. */
const MAX_ROUNDS = 55;

vi.setConfig({ testTimeout: 240_000 });

let folder: string;

/**
 * @shows Prometheus and the collector compute the same values and alerts from random series, with resets and gaps
 * @needs Debian, or promtool 2.42 on the path; installs its package as root
 * @with prometheus
 */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidemark-evaluation-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The families that alerts read. */
const names = [...new Set(alerts.flatMap(({ when }) => namesIn(when)))].filter(
  (name): name is Plain => name in families && !isHistogram(name as Family),
);

const LABELS: Record<string, readonly string[]> = {
  ...{ site: ["a", 'q"\\'], sink: ["x", "y"], outcome: ["failed", "complete", "refused", "predicted"] },
  ...{ cause: ["clock", "offline"], status: ["200", "500", "503"], route: ["/v1/events"], step: ["log", "sink"] },
};

const labelValue = (label: string) => constantFrom(...(LABELS[label] ?? ["1", "other"]));

/** A change of a series from one round to the next. */
const change = oneof(
  { arbitrary: record({ type: constantFrom("add"), by: integer({ min: 0, max: 40 }) }), weight: 12 },
  { arbitrary: record({ type: constantFrom("reset"), by: integer({ min: 0, max: 3 }) }), weight: 1 },
  { arbitrary: record({ type: constantFrom("absent"), by: integer({ min: 0, max: 0 }) }), weight: 2 },
);

const series = constantFrom(...names).chain((family) =>
  record({
    labels: record(Object.fromEntries(families[family].labels.map((label) => [label, labelValue(label)]))),
    begin: integer({ min: 0, max: 500 }),
    changes: array(change, { minLength: MAX_ROUNDS, maxLength: MAX_ROUNDS, size: "max" }),
  }).map((each) => ({ ...each, family, key: sampleKey(family, each.labels) })),
);

/** Rounds that were not read at all. */
const lost = array(integer({ min: 0, max: 7 }), { minLength: MAX_ROUNDS, maxLength: MAX_ROUNDS, size: "max" });

const range = integer({ min: 2, max: 40 }).map((tens) => tens * EVERY_S + 5);

/** Labels by which a query sums, so that both sides of an operation have the same. */
const query = (by: readonly string[]): Arbitrary<Query> => {
  const own = names.filter((name) => by.every((label) => (families[name].labels as readonly string[]).includes(label)));
  const chosen = constantFrom(...own).chain((family) => {
    const labels = (families[family].labels as readonly string[]).filter((label) => !by.includes(label));
    const condition = (label: string) =>
      oneof(
        labelValue(label),
        uniqueArray(labelValue(label), { minLength: 1 }),
        labelValue(label).map((not) => ({ not })),
        uniqueArray(labelValue(label), { minLength: 1 }).map((not) => ({ not })),
      );
    const where =
      labels.length === 0
        ? constantFrom(undefined)
        : constantFrom(undefined, ...labels).chain((label) =>
            label === undefined ? constantFrom(undefined) : condition(label).map((value) => ({ [label]: value })),
          );
    return where.map((each) => ({ family, by, ...(each && { where: each }) }));
  });
  const { tree } = letrec<{ tree: Query; leaf: Query }>((tie) => ({
    leaf: oneof(
      tuple(constantFrom("latest", "greatest"), chosen).map(([type, of]) => ({ type, ...of })),
      tuple(constantFrom("rate", "increase"), chosen, range).map(([type, of, overSeconds]) => ({
        type,
        ...of,
        overSeconds,
      })),
    ) as Arbitrary<Query>,
    tree: oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie("leaf"),
      tuple(constantFrom("add", "subtract", "multiply", "divide"), tie("tree"), tie("tree")).map(
        ([type, left, right]) => ({ type, left, right }),
      ) as Arbitrary<Query>,
      tuple(
        constantFrom("multiply", "add", "subtract", "divide"),
        double({ min: -3, max: 3, noNaN: true, noDefaultInfinity: true }).map(
          (value) => Number(value.toFixed(3)) + 0.0007,
        ),
        tie("tree"),
      ).map(([type, value, right]) => ({ type, left: { type: "number", value }, right })) as Arbitrary<Query>,
      tuple(tie("tree"), integer({ min: 1, max: 20 })).map(([of, tens]) => ({
        type: "earlier",
        of,
        bySeconds: tens * EVERY_S,
      })) as Arbitrary<Query>,
    ),
  }));
  return tree;
};

const BY = [[], ["site"], ["site", "sink"]] as const;
const queries = constantFrom(...BY).chain((by) => query(by));

const limit = double({ min: -5, max: 40, noNaN: true }).map((value) => Number(value.toFixed(2)) + 0.00137);

const conditionOn = (by: readonly string[]): Arbitrary<Condition> => {
  const compared = oneof(
    tuple(constantFrom("above", "below"), query(by), limit).map(([type, left, value]) => ({
      type,
      left,
      right: { type: "number", value },
    })),
    tuple(constantFrom("above", "below"), query(by), query(by)).map(([type, left, right]) => ({ type, left, right })),
    tuple(constantFrom("above", "below"), limit, query(by)).map(([type, value, right]) => ({
      type,
      left: { type: "number", value },
      right,
    })),
  ) as Arbitrary<Condition>;
  return oneof(
    compared,
    tuple(constantFrom("and", "or", "unless"), compared, compared).map(([type, left, right]) => ({
      type,
      left,
      right,
    })) as Arbitrary<Condition>,
  );
};

const conditions: Arbitrary<Condition> = oneof(
  constantFrom(...BY).chain(conditionOn),
  // A second condition with fewer labels.
  tuple(constantFrom("and", "unless"), conditionOn(["site", "sink"]), conditionOn(["site"])).map(
    ([type, left, right]) => ({ type, left, right }),
  ) as Arbitrary<Condition>,
  tuple(constantFrom("and", "unless"), conditionOn(["site"]), conditionOn([])).map(([type, left, right]) => ({
    type,
    left,
    right,
  })) as Arbitrary<Condition>,
);

const run = record({
  all: uniqueArray(series, { minLength: 1, maxLength: 14, selector: ({ key }) => key, size: "max" }),
  lost,
  queries: array(queries, { minLength: EACH, maxLength: EACH, size: "max" }),
  conditions: array(conditions, { minLength: EACH, maxLength: EACH, size: "max" }),
  rounds: array(integer({ min: 1, max: MAX_ROUNDS - 1 }), { minLength: 2, maxLength: 2 }),
});

/** The values of all series by round; `undefined` for a round that was not read. */
const roundsOf = ({
  all,
  lost: missing,
}: {
  all: { key: string; begin: number; changes: { type: string; by: number }[] }[];
  lost: number[];
}) => {
  const values = all.map(({ key, begin, changes }) => {
    let value = begin;
    return changes.map(({ type, by }) => {
      if (type !== "absent") value = type === "reset" ? by : value + by;
      return [key, type === "absent" ? undefined : value] as const;
    });
  });
  return missing.map((each, round) => {
    if (each === 0) return undefined;
    const present = values
      .map((of) => of[round])
      .filter((of): of is readonly [string, number] => of?.[1] !== undefined);
    return Object.fromEntries(present) as Samples;
  });
};

/** The values of a series in promtool's form. */
const valuesOf = (key: string, rounds: readonly (Samples | undefined)[]): string => {
  let isThere = false;
  return rounds
    .map((samples) => {
      if (!samples) return "_";
      const value = samples[key];
      const text = value !== undefined ? `${value}` : isThere ? "stale" : "_";
      isThere = value !== undefined;
      return text;
    })
    .join(" ");
};

const ROUND_TO = 1e6;
const rounded = (value: number): number => Math.floor(value * ROUND_TO + 0.5) / ROUND_TO;

const samplesOf = (values: readonly LabelledValue[]) =>
  values.map(({ labels, value }) => ({
    labels: `{${Object.entries(labels)
      .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
      .join(", ")}}`,
    value: rounded(value),
  }));

it("promtool computes what the collector computes, for queries, conditions and alerts", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1e9);
  const runs = sample(run, { numRuns: RUNS, seed });
  const tests = runs.map((given) => {
    const rounds = roundsOf(given);
    const input_series = given.all.map(({ key }) => ({ series: key, values: valuesOf(key, rounds) }));
    const history = new History(names);
    const evaluated = new Map<number, object[]>();
    const wanted = new Set(given.rounds);
    rounds.forEach((samples, round) => {
      const time = round * EVERY_S;
      if (samples) history.add(time * 1_000, samples);
      if (!wanted.has(round)) return;
      // Versions of Prometheus differ in whether a time has its first moment: no sample is there.
      const at = (time + 1) * 1_000;
      const tested = (expr: string, values: readonly LabelledValue[]) => ({
        ...{ expr: `round(${expr}, ${1 / ROUND_TO})`, eval_time: `${time + 1}s` },
        exp_samples: samplesOf(values),
      });
      evaluated.set(round, [
        ...given.queries.map((each) => tested(toPromql(each), evaluateQuery(each, history, at) as LabelledValue[])),
        ...[...given.conditions, ...alerts.filter(({ by }) => by === undefined).map(({ when }) => when)].map((each) =>
          tested(toPromql(each), evaluateCondition(each, history, at)),
        ),
      ]);
    });
    return { interval: `${EVERY_S}s`, input_series, promql_expr_test: [...evaluated.values()].flat() };
  });
  await writeFile(
    join(folder, "random.test.yml"),
    stringify({ rule_files: [], evaluation_interval: "10s", tests }, { aliasDuplicateObjects: false }),
  );
  const found = await runTool(programs.promtool(), ["test", "rules", "random.test.yml"], folder).catch(
    (error: Error) => error.message,
  );
  expect(found.slice(0, 6_000), `seed ${seed}`).toContain("SUCCESS");
});
