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

/** A row of an answer: a vector, with the keys it is told for. */
export type Row = { id: string; as_of: number } & Record<string, FeatureValue>;

/** A database with the tables that compiled queries read. */
export interface Database {
  dialect: DialectName;
  /** Replaces the log, in order of arrival, and the moments that are asked about. */
  load(written: readonly LoggedEvent[], spine: readonly SpineRow[]): Promise<void>;
  /** The rows of a query that tells features, with values as the engine's. */
  query(query: string, features: readonly Feature[]): Promise<Row[]>;
}

type Vector = Record<string, FeatureValue>;

/** Asks for each moment in SQL, and expects each answer to agree with the engine's. */
const compare = async (
  database: Database,
  features: readonly Feature[],
  log: Log,
  moments: Map<SpineRow, Vector>,
  options?: LatenessOptions,
) => {
  await database.load(log.written, [...moments.keys()]);
  const queries = toSql(features, database.dialect, options);
  for (const entity of entitiesIn(features).map((each) => entityNameOf({ entity: each }))) {
    const rows = await database.query(queries[`${entity}_features`] as string, featuresOf(features, entity));
    const answers = new Map(rows.map(({ id, as_of, ...vector }) => [`${id} ${as_of}`, vector]));
    const asked = [...moments].filter(([row]) => row.entity === entity);
    expect(answers.size).toBe(new Set(asked.map(([{ id, as_of }]) => `${id} ${as_of}`)).size);
    for (const [{ id, as_of }, vector] of asked) {
      const told = answers.get(`${id} ${as_of}`) as Vector;
      expectAgreement(featuresOf(features, entity), told, vector, `${entity} ${id} as of ${as_of}`);
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
  const moments = replayed.map(({ entity, id, state, features: vector }): [SpineRow, Vector] => [
    { entity, id, as_of: (state.event_time as number) + 1 },
    vector,
  ]);
  await compare(database, features, log, new Map(moments), options);
};

/** Compares vectors of entities, known and unknown, as of moments among the events, at their very times, and before and after all. */
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
    const whose = pick % 7 === 0 ? undefined : ids[pick % Math.max(ids.length, 1)];
    return { ...(whose ?? { entity: anyEntity, id: "nobody" }), as_of: time + ((pick % 5) - 2) ** 3 * 997 };
  });
  const vectors = asOf(log.events, features, spine);
  await compare(database, features, log, new Map(spine.map((row, index) => [row, vectors[index] as Vector])));
};
