import type { Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { entityEngine } from "../../src/entity-engine.ts";
import { replay } from "../../src/replay.ts";
import { toIdSql, toSql } from "../../src/sql/to-sql.ts";
import { expectAgreement } from "./agreement.ts";
import { columnEvents } from "./column-events.ts";
import { definitions } from "./definitions.ts";
import { type Log, logs } from "./log.ts";
import type { Database } from "./parity.ts";
import { jsonEvents, openDuckdb } from "./run-duckdb.ts";

describe.each([
  ["JSON", jsonEvents],
  ["columns", columnEvents],
])("DuckDB over events as %s", (_, layout) => {
  const cases = definitions.chain((features) => fc.tuple(fc.constant(features), logs(features, 60)));
  const { columns } = layout;

  let database: Database;
  beforeAll(async () => {
    database = await openDuckdb(layout);
  });

  const compareLatest = async ([features, log]: [readonly Feature[], Log]) => {
    await database.load(log.written, []);
    const replayed = replay(log.events, features);
    const queries = toSql(features, "duckdb", { columns, asOf: "latest" });
    for (const entity of entitiesIn(features)) {
      const name = entityNameOf({ entity });
      const own = featuresOf(features, name);
      const rows = await database.query(queries[`${name}_features`] as string, own);
      const vectors = new Map(rows.map(({ id, as_of, ...vector }) => [`${id} ${as_of}`, vector]));
      const expected = replayed.filter((each) => each.entity === name);
      expect(vectors.size).toBe(expected.length);
      for (const { id, state, features: vector } of expected) {
        const key = `${id} ${(state.event_time as number) + 1}`;
        expectAgreement(own, vectors.get(key) ?? {}, vector, `${name} ${key}`);
      }
    }
  };

  it("has each entity as of its latest event, as a replay has it", async () => {
    await fc.assert(fc.asyncProperty(cases, compareLatest), { numRuns: 30 });
  }, 60_000);

  const compareIds = async ([features, log]: [readonly Feature[], Log]) => {
    await database.load(log.written, []);
    for (const entity of entitiesIn(features)) {
      const { idOf } = entityEngine(entity, features);
      const rows = await database.query(
        `SELECT ${toIdSql(entity, "duckdb", { columns })} AS id FROM events ORDER BY arrival`,
        [],
      );
      expect(rows.map(({ id }) => id)).toEqual(log.written.map((event) => idOf(event, event) ?? null));
    }
  };

  it("has the engine's id of each event", async () => {
    await fc.assert(fc.asyncProperty(cases, compareIds), { numRuns: 30 });
  }, 60_000);
});
