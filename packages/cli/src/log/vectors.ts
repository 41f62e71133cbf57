import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { type EngineState, entityEngine, GROWTH_FIELDS } from "@tidemark/engine";
import { toIdSql, toSql } from "@tidemark/engine/sql";
import type { AggregateFeature, Entity, Feature, FeatureValue } from "@tidemark/schema";
import { isDerived, withReads } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import { eventIn } from "@tidemark/schema/log";
import { columnsRead } from "./columns-read.ts";
import { type Database, literal, quote } from "./database.ts";
import { eventsSql } from "./query-views.ts";
import { readRows } from "./stored-rows.ts";

/** How far behind the latest event time of its session an event still counts, in milliseconds: docs/features.md. */
const MAX_BEHIND_MS = 86_405_000;

/**
 * Finds the rows of the log that count in no feature: repeated events, and events that were too late by the watermark
 * of their session. A part of an entity's events then needs no others.
 */
export const createUncounted = async (database: Database, parts: number): Promise<void> => {
  await database.run('CREATE TABLE uncounted (partition BIGINT, "offset" BIGINT)');
  for (let part = 0; part < parts; part += 1)
    await database.run(`INSERT INTO uncounted
      WITH ranked AS (
        SELECT partition, "offset", session_id, arrival, epoch_ms("time") AS "time",
          row_number() OVER (PARTITION BY session_id, tab_id, seq ORDER BY arrival) AS copy
        FROM log_events WHERE hash(session_id) % ${parts} = ${part}),
      with_progress AS (
        SELECT *, max("time") OVER (PARTITION BY session_id ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS max_event_time
        FROM ranked WHERE copy = 1)
      SELECT partition, "offset" FROM ranked WHERE copy > 1
      UNION ALL SELECT partition, "offset" FROM with_progress WHERE max_event_time - "time" > ${MAX_BEHIND_MS}`);
};

/** One of the parts into which an entity's ids are divided by their hash. */
interface Part {
  entity: Entity;
  /** The condition on the text of an id. */
  owns(id: string): string;
  /** Whether a feature reads the growth of a total. */
  readsGrowth: boolean;
  /** The types of events that features credit to pages; `undefined` without such a feature. */
  credited: readonly string[] | undefined;
  /** The moments of the vectors. */
  moments: Moments;
}

/**
 * The moments of vectors. `latest`: one for each entity, its latest event plus one. Otherwise a SELECT statement of `id` and
 * `as_of` in UTC milliseconds.
 */
type Moments = "latest" | { select: string };

const TOTALS = `"type" IN (${GROWTH_FIELDS.map(({ type }) => literal(type)).join(", ")})`;
const VIEW = "session_id, tab_id, view_id";

/**
 * Creates the view `events` with the events of a part. Before a visitor was identified, a page view had events of
 * another user, perhaps in another part: growth depends on them, so that the view has them too.
 */
const createEvents = async (
  database: Database,
  { entity, owns, readsGrowth, credited }: Part,
  to?: number,
): Promise<void> => {
  const all = `(${eventsSql({ to })}) ANTI JOIN uncounted USING (partition, "offset")`;
  const own = owns(toIdSql(entity, "duckdb", { columns: true }));
  const earlier = `${TOTALS} AND (${VIEW}) IN (SELECT (${VIEW}) FROM ${all} WHERE ${TOTALS} AND ${own})`;
  // Credit for an event depends on the views of all pages of its session.
  const ofCredit = credited?.includes("any")
    ? "TRUE"
    : `"type" IN (${["page_view", ...(credited ?? [])].map(literal).join(", ")})`;
  const conditions = [own, ...(readsGrowth ? [earlier] : []), ...(credited ? [ofCredit] : [])];
  await database.run(`CREATE OR REPLACE VIEW events AS SELECT * FROM ${all} WHERE ${conditions.join(" OR ")}`);
};

/** The events of a part with the growth of their totals, as a replay reads them. */
const replayedEvents = ({ readsGrowth }: Part): string => {
  if (!readsGrowth) return "events";
  const growth = GROWTH_FIELDS.map(({ field, total }) => {
    const largest = `max(${total}) OVER (PARTITION BY ${VIEW} ORDER BY arrival ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`;
    return `CASE WHEN view_id IS NULL OR ${total} IS NULL THEN ${field} ELSE greatest(${total} - coalesce(${largest}, 0), 0) END AS ${field}`;
  });
  return `(SELECT * REPLACE (${growth.join(", ")}) FROM events)`;
};

/** The SQL types of an entity's features by name. */
type Types = ReadonlyMap<string, string>;

const SCALARS = new Set(["BOOLEAN", "DOUBLE", "VARCHAR"]);

/** The type of a feature in the files: lists and values of any kind are JSON text. */
const fileType = (type = "VARCHAR"): string => (SCALARS.has(type) ? type : "VARCHAR");

const typesOf = async (database: Database, query: string): Promise<Types> => {
  const columns = await database.all(`DESCRIBE ${query}`);
  return new Map(columns.map(({ column_name, column_type }) => [column_name as string, column_type as string]));
};

/** A value of SQL as in the files. A number in JSON text has no `.0`, as everywhere else in the log. */
const fileSql = (name: string, type = "VARCHAR"): string => {
  if (SCALARS.has(type)) return quote(name);
  const value =
    type === "DOUBLE[]"
      ? `list_transform(${quote(name)}, lambda item: CASE WHEN item = trunc(item) AND abs(item) < 1e15 THEN to_json(CAST(item AS BIGINT)) ELSE to_json(item) END)`
      : quote(name);
  return `CAST(to_json(${value}) AS VARCHAR) AS ${quote(name)}`;
};

/** A value of a replay as in the files. */
const fileValue = (value: FeatureValue | undefined, type = "VARCHAR"): FeatureValue =>
  value === null || value === undefined ? null : SCALARS.has(type) ? value : JSON.stringify(value);

/** The column of an entity's id in the replayed rows: no feature can have this name. */
const ID = " id";

/** The column of a moment in the replayed rows. */
const AS_OF = " as_of";

/** The moments of the table `spine`, ascending, by id. */
const readSpine = async (database: Database): Promise<Map<string, number[]>> => {
  const moments = new Map<string, number[]>();
  const { rows } = await database.query("SELECT DISTINCT id, as_of FROM spine ORDER BY id, as_of");
  for await (const group of rows)
    for (const [id, as_of] of group) {
      const known = moments.get(id as string);
      if (known) known.push(Number(as_of));
      else moments.set(id as string, [Number(as_of)]);
    }
  return moments;
};

/** Replays the events of the view `events` into the table `replayed`: these features, with a row for each moment. */
const replayPart = async (
  database: Database,
  part: Part,
  features: readonly Feature[],
  names: readonly string[],
  types: Types,
): Promise<void> => {
  const needed = withReads(features, new Set(names));
  const { engine, idOf } = entityEngine(part.entity, needed);
  const path = join(database.folder, "replayed.json");
  const file = createWriteStream(path);
  const spine = await readSpine(database);
  /** Writes the vectors of an entity as of its moments up to a time. */
  const write = async (entityId: string, state: EngineState, until = Number.POSITIVE_INFINITY): Promise<void> => {
    const moments = spine.get(entityId) ?? [];
    for (let as_of = moments[0]; as_of !== undefined && as_of <= until; as_of = moments[0]) {
      const vector = engine.vector(state, as_of - 1);
      const values = names.map((name) => [name, fileValue(vector[name], types.get(name))]);
      const row = { [ID]: entityId, [AS_OF]: as_of, ...Object.fromEntries(values) };
      if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, "drain");
      moments.shift();
    }
  };
  let current: string | undefined;
  let state = engine.emptyState();
  const id = toIdSql(part.entity, "duckdb", { columns: true });
  // As of its latest event an entity has all events in the order of arrival, and as of other moments in that of time.
  const order = part.moments === "latest" ? "received_at" : '"time", received_at';
  const source = `FROM ${replayedEvents(part)} WHERE ${id} IN (SELECT id FROM spine) AND ${part.owns(id)} ORDER BY ${id}, ${order}, session_id, arrival`;
  for await (const row of readRows(database, columnsRead(needed), source)) {
    const event = eventIn(row);
    const next = idOf(event, event);
    if (next === undefined) continue;
    if (next !== current) {
      if (current !== undefined) await write(current, state);
      [current, state] = [next, engine.emptyState()];
    }
    if (part.moments !== "latest") await write(next, state, event.time);
    engine.foldUnchecked(state, event, event);
  }
  if (current !== undefined) await write(current, state);
  for (const withoutEvents of spine.keys()) await write(withoutEvents, engine.emptyState());
  file.end();
  await finished(file);
  const json = names.map((name) => `${quote(name)}: ${literal(fileType(types.get(name)))}`);
  await database.run(
    `CREATE OR REPLACE TABLE replayed AS SELECT * FROM read_json(${literal(path)}, format = 'newline_delimited', columns = {${[`${quote(ID)}: 'VARCHAR'`, `${quote(AS_OF)}: 'BIGINT'`, ...json].join(", ")}})`,
  );
};

/** The types of events that features credit to pages; `undefined` without such a feature. */
const creditedTypes = (features: readonly Feature[]): string[] | undefined => {
  const sources = features.flatMap((feature) =>
    !isDerived(feature) && (feature as AggregateFeature).aggregate.type === "credit" ? [feature.source] : [],
  );
  return sources.length > 0 ? sources : undefined;
};

/** Creates the table `spine` with the moments of a part. */
const createSpine = async (database: Database, part: Part, features: readonly Feature[]): Promise<void> => {
  const name = entityNameOf({ entity: part.entity });
  const id = toIdSql(part.entity, "duckdb", { columns: true });
  const credits = features.filter(
    (feature) => !isDerived(feature) && (feature as AggregateFeature).aggregate.type === "credit",
  );
  // The events that sessions credit to a page are events of the page.
  const latest =
    credits.length > 0
      ? `SELECT id, as_of FROM (${toSql(credits, "duckdb", { columns: true, asOf: "latest" })[`${name}_features`]})`
      : `SELECT ${id} AS id, max(epoch_ms("time")) + 1 AS as_of FROM events GROUP BY ALL`;
  const rows = part.moments === "latest" ? latest : part.moments.select;
  await database.run(
    `CREATE OR REPLACE TABLE spine AS SELECT ${literal(name)} AS entity, id, CAST(as_of AS BIGINT) AS as_of FROM (${rows})
     WHERE id IS NOT NULL AND ${part.owns("id")}`,
  );
};

/** Options of {@link forEachPart}. */
export interface VectorOptions {
  /** The features of one entity, with all features that they read. */
  features: readonly Feature[];
  /** Names of the features that are replayed. SQL computes the others, of which those of `creditReaders` have to be. */
  replayed: ReadonlySet<string>;
  moments: Moments;
  /** First event time that does not count, in UTC milliseconds. Default: all events count. */
  to?: number | undefined;
  /** Number of parts into which the entities are divided by the hash of their ids. */
  parts: number;
}

/**
 * Computes the vectors of an entity type from the log, part by part. {@link createUncounted} has to be called before.
 *
 * @param use Receives a SELECT statement with a row for each distinct moment: `id`, `as_of`, and the features as in files.
 */
export const forEachPart = async (
  database: Database,
  { features, replayed, moments, to, parts }: VectorOptions,
  use: (select: string, part: number) => Promise<void>,
): Promise<void> => {
  const [first] = features;
  if (!first) return;
  const { entity } = first;
  const name = entityNameOf(first);
  const readsGrowth = columnsRead(features).some((column) => GROWTH_FIELDS.some(({ field }) => field === column.name));
  const byReplay = features.map((feature) => feature.name).filter((each) => replayed.has(each));
  const others = features.filter((feature) => !byReplay.includes(feature.name));
  const bySql = withReads(features, new Set(others.map((feature) => feature.name)));
  const queryOf = (some: readonly Feature[]): string =>
    toSql(some, "duckdb", { columns: true })[`${name}_features`] as string;

  for (let number = 0; number < parts; number += 1) {
    const owns = (id: string): string => `hash(${id}) % ${parts} = ${number}`;
    const part: Part = { entity, owns, readsGrowth, credited: creditedTypes(features), moments };
    await createEvents(database, part, to);
    await createSpine(database, part, features);
    const types = await typesOf(database, queryOf(features));
    if (byReplay.length > 0) await replayPart(database, part, features, byReplay, types);
    const values = features.map((feature) =>
      byReplay.includes(feature.name) ? quote(feature.name) : fileSql(feature.name, types.get(feature.name)),
    );
    const computed = bySql.length > 0 ? queryOf(bySql) : "SELECT DISTINCT id, as_of FROM spine";
    const join =
      byReplay.length > 0
        ? `JOIN replayed ON replayed.${quote(ID)} = computed.id AND replayed.${quote(AS_OF)} = computed.as_of`
        : "";
    await use(
      `SELECT computed.id, computed.as_of, ${values.join(", ")} FROM (${computed}) AS computed ${join}`,
      number,
    );
  }
};
