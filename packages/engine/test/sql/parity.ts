import type { Feature, FeatureValue } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { expect } from "vitest";
import { asOf, type SpineRow } from "../../src/as-of.ts";
import type { LatenessOptions } from "../../src/lateness.ts";
import type { LoggedEvent } from "../../src/logged-event.ts";
import { replay } from "../../src/replay.ts";
import type { DialectName } from "../../src/sql/dialect.ts";
import { toSql } from "../../src/sql/to-sql.ts";
import { expectAgreement } from "./agreement.ts";
import type { Log } from "./log.ts";

/** A row of a result: the keys and the vector. */
export type Row = { id: string; as_of: number } & Record<string, FeatureValue>;

/** A database with the tables that compiled queries read. */
export interface Database {
  dialect: DialectName;
  /** Whether `events` has a column for each field, instead of JSON. */
  columns: boolean;
  /** Replaces the log, in order of arrival, and the spine. */
  load(written: readonly LoggedEvent[], spine: readonly SpineRow[]): Promise<void>;
  /** Returns the rows of a query for features, with values in the engine's types. */
  query(query: string, features: readonly Feature[]): Promise<Row[]>;
}

type Vector = Record<string, FeatureValue>;

/** Expects the vectors in SQL to agree with the engine's vector for each row of the spine. */
const compare = async (
  database: Database,
  features: readonly Feature[],
  log: Log,
  expected: Map<SpineRow, Vector>,
  options?: LatenessOptions,
) => {
  await database.load(log.written, [...expected.keys()]);
  const queries = toSql(features, database.dialect, { ...options, columns: database.columns });
  for (const entity of entitiesIn(features).map((each) => entityNameOf({ entity: each }))) {
    const rows = await database.query(queries[`${entity}_features`] as string, featuresOf(features, entity));
    const vectors = new Map(rows.map(({ id, as_of, ...vector }) => [`${id} ${as_of}`, vector]));
    const ofEntity = [...expected].filter(([row]) => row.entity === entity);
    expect(vectors.size).toBe(new Set(ofEntity.map(([{ id, as_of }]) => `${id} ${as_of}`)).size);
    for (const [{ id, as_of }, vector] of ofEntity) {
      const sqlVector = vectors.get(`${id} ${as_of}`) as Vector;
      expectAgreement(featuresOf(features, entity), sqlVector, vector, `${entity} ${id} as of ${as_of}`);
    }
  }
};

/** Compares the vectors of all entities after all events. */
export const compareReplay = async (
  database: Database,
  features: readonly Feature[],
  log: Log,
  options?: LatenessOptions,
) => {
  const replayed = replay(log.events, features, options);
  const expected = replayed.map(({ entity, id, state, features: vector }): [SpineRow, Vector] => [
    { entity, id, as_of: (state.event_time as number) + 1 },
    vector,
  ]);
  await compare(database, features, log, new Map(expected), options);
};

/** Compares the vectors of known and unknown entities as of points in time before, at and after the times of events. */
export const compareAsOf = async (
  database: Database,
  features: readonly Feature[],
  log: Log,
  picks: readonly number[],
) => {
  const ids = replay(log.events, features).map(({ entity, id }) => ({ entity, id }));
  const anyEntity = entityNameOf(features[0] as Feature);
  const spine = picks.map((pick): SpineRow => {
    const { time } = log.events[pick % log.events.length] as { time: number };
    const known = pick % 3 === 0 ? undefined : ids[pick % Math.max(ids.length, 1)];
    // An empty text in the field is the id of no entity.
    const unknown = { entity: anyEntity, id: pick % 2 === 0 ? "" : "nobody" };
    return { ...(known ?? unknown), as_of: time + ((pick % 5) - 2) ** 3 * 997 };
  });
  const vectors = asOf(log.events, features, spine);
  await compare(database, features, log, new Map(spine.map((row, index) => [row, vectors[index] as Vector])));
};
