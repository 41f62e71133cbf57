import { defaultFeatures, type Feature, type FeatureValue } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/derivation";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { asOf, replay, type SpineRow } from "../../src/engine/replay.ts";
import { toSql } from "../../src/sql/to-sql.ts";
import { expectAgreement } from "./agreement.ts";
import { definitions } from "./definitions.ts";
import { type Log, logs } from "./log.ts";
import { type Database, openDuckdb } from "./run-duckdb.ts";

let database: Database;
beforeAll(async () => {
  database = await openDuckdb();
});

type Vector = Record<string, FeatureValue>;

/** Asks for each moment in SQL, and expects each answer to agree with the engine's. */
const compare = async (features: readonly Feature[], log: Log, moments: Map<SpineRow, Vector>) => {
  await database.load(log.written, [...moments.keys()]);
  const queries = toSql(features, "duckdb");
  for (const entity of entitiesIn(features).map((each) => entityNameOf({ entity: each }))) {
    const rows = await database.ask(queries[`${entity}_features`] as string);
    const answers = new Map(rows.map(({ id, as_of, ...vector }) => [`${id} ${as_of}`, vector]));
    const asked = [...moments].filter(([row]) => row.entity === entity);
    expect(answers.size).toBe(new Set(asked.map(([{ id, as_of }]) => `${id} ${as_of}`)).size);
    for (const [{ id, as_of }, vector] of asked) {
      const told = answers.get(`${id} ${as_of}`) as Vector;
      expectAgreement(featuresOf(features, entity), told, vector, `${entity} ${id} as of ${as_of}`);
    }
  }
};

/** Vectors of all entities after all events. */
const compareReplay = async (features: readonly Feature[], log: Log) => {
  const replayed = replay(log.events, features);
  const moments = replayed.map(({ entity, id, state, features: vector }): [SpineRow, Vector] => [
    { entity, id, as_of: (state.event_time as number) + 1 },
    vector,
  ]);
  await compare(features, log, new Map(moments));
};

/** Vectors of entities, known and unknown, as of moments among the events, at their very times, and before and after all. */
const compareAsOf = async (features: readonly Feature[], log: Log, picks: readonly number[]) => {
  const ids = replay(log.events, features).map(({ entity, id }) => ({ entity, id }));
  const { name: anyEntity } = { name: entityNameOf(features[0] as Feature) };
  const spine = picks.map((pick): SpineRow => {
    const { time } = log.events[pick % log.events.length] as { time: number };
    const whose = pick % 7 === 0 ? undefined : ids[pick % Math.max(ids.length, 1)];
    return { ...(whose ?? { entity: anyEntity, id: "nobody" }), as_of: time + ((pick % 5) - 2) ** 3 * 997 };
  });
  const vectors = asOf(log.events, features, spine);
  await compare(features, log, new Map(spine.map((row, index) => [row, vectors[index] as Vector])));
};

const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 12 });

describe("the default catalogue in DuckDB", () => {
  it("tells what a replay of the same log does", async () => {
    await fc.assert(
      fc.asyncProperty(logs(defaultFeatures), (log) => compareReplay(defaultFeatures, log)),
      { numRuns: 30 },
    );
  }, 60_000);

  it("tells at a point in time what the engine had told then", async () => {
    await fc.assert(
      fc.asyncProperty(logs(defaultFeatures), picks, (log, moments) => compareAsOf(defaultFeatures, log, moments)),
      { numRuns: 30 },
    );
  }, 60_000);
});

describe("any definitions in DuckDB", () => {
  const cases = definitions.chain((features) => fc.tuple(fc.constant(features), logs(features, 80)));

  it("tell what a replay of the same log does", async () => {
    await fc.assert(
      fc.asyncProperty(cases, ([features, log]) => compareReplay(features, log)),
      { numRuns: 150 },
    );
  }, 120_000);

  it("tell at a point in time what the engine had told then", async () => {
    await fc.assert(
      fc.asyncProperty(cases, picks, ([features, log], moments) => compareAsOf(features, log, moments)),
      { numRuns: 150 },
    );
  }, 120_000);
});
