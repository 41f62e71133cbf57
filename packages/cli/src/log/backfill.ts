import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { type EngineState, entityEngine, GROWTH_FIELDS } from "@tidemark/engine";
import { toIdSql, toSql } from "@tidemark/engine/sql";
import type { Entity, Feature, FeatureValue } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { eventIn } from "@tidemark/schema/log";
import { columnsRead } from "./columns-read.ts";
import { type Database, literal, quote } from "./database.ts";
import { eventsSql } from "./query-views.ts";
import { readRows } from "./stored-rows.ts";
import type { TimeRange } from "./time-range.ts";

/** Default of {@link BackfillOptions.partEvents}: DuckDB needs about 0.7 KB of memory for each event of a part. */
const PART_EVENTS = 2_000_000;

/** How far behind the latest event time of its session an event still counts, in milliseconds: docs/features.md. */
const MAX_BEHIND_MS = 86_405_000;

/** A part of a backfill: one file. */
export interface WrittenPart {
  entity: string;
  path: string;
  rows: number;
}

/** Options of {@link backfill}. */
export interface BackfillOptions {
  features: readonly Feature[];
  /** Names of the features that are replayed. SQL computes the others. */
  replayed: ReadonlySet<string>;
  /** Period: entities with an event in it, as of their latest event before its end. */
  range: TimeRange;
  /** Folder for the files. */
  out: string;
  /** Number of events for which there is one part. Default: 2,000,000. */
  partEvents?: number;
  onPart(description: string): void;
}

/**
 * Finds the rows of the log that count in no feature: repeated events, and events that were too late by the watermark
 * of their session. A part of an entity's events then needs no others.
 */
const createUncounted = async (database: Database, parts: number): Promise<void> => {
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
}

const TOTALS = `"type" IN (${GROWTH_FIELDS.map(({ type }) => literal(type)).join(", ")})`;
const VIEW = "session_id, tab_id, view_id";

/**
 * Creates the view `events` with the events of a part. Before a visitor was identified, a page view had events of
 * another user, perhaps in another part: growth depends on them, so that the view has them too.
 */
const createEvents = async (database: Database, { entity, owns, readsGrowth }: Part, to?: number): Promise<void> => {
  const all = `(${eventsSql({ to })}) ANTI JOIN uncounted USING (partition, "offset")`;
  const own = owns(toIdSql(entity, "duckdb", { columns: true }));
  const earlier = `${TOTALS} AND (${VIEW}) IN (SELECT (${VIEW}) FROM ${all} WHERE ${TOTALS} AND ${own})`;
  await database.run(
    `CREATE OR REPLACE VIEW events AS SELECT * FROM ${all} WHERE ${own}${readsGrowth ? ` OR ${earlier}` : ""}`,
  );
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

/** Replays the events of the view `events` into the table `replayed`: these features, with a row for each entity. */
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
  const write = async (entityId: string, state: EngineState): Promise<void> => {
    const vector = engine.vector(state, state.event_time as number);
    const values = names.map((name) => [name, fileValue(vector[name], types.get(name))]);
    const row = { [ID]: entityId, ...Object.fromEntries(values) };
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, "drain");
  };
  let current: string | undefined;
  let state = engine.emptyState();
  const id = toIdSql(part.entity, "duckdb", { columns: true });
  const source = `FROM ${replayedEvents(part)} WHERE ${id} IS NOT NULL AND ${part.owns(id)} ORDER BY ${id}, received_at, session_id, arrival`;
  for await (const row of readRows(database, columnsRead(needed), source)) {
    const event = eventIn(row);
    const next = idOf(event, event);
    if (next === undefined) continue;
    if (next !== current) {
      if (current !== undefined) await write(current, state);
      [current, state] = [next, engine.emptyState()];
    }
    engine.foldUnchecked(state, event, event);
  }
  if (current !== undefined) await write(current, state);
  file.end();
  await finished(file);
  const json = names.map((name) => `${quote(name)}: ${literal(fileType(types.get(name)))}`);
  await database.run(
    `CREATE OR REPLACE TABLE replayed AS SELECT * FROM read_json(${literal(path)}, format = 'newline_delimited', columns = {${[`${quote(ID)}: 'VARCHAR'`, ...json].join(", ")}})`,
  );
};

/** Computes the features of one part of an entity from the view `events`, and writes them into a file. */
const writePart = async (
  database: Database,
  part: Part,
  features: readonly Feature[],
  { replayed, range }: BackfillOptions,
  path: string,
): Promise<number> => {
  const { entity } = part;
  const name = entityNameOf({ entity });
  const queryOf = (some: readonly Feature[]) =>
    toSql(some, "duckdb", { columns: true, asOf: "latest" })[`${name}_features`] as string;
  const types = await typesOf(database, queryOf(features));
  const names = features.map((feature) => feature.name);
  const byReplay = names.filter((each) => replayed.has(each));
  const bySql = withReads(features, new Set(names.filter((each) => !replayed.has(each))));

  if (byReplay.length > 0) await replayPart(database, part, features, byReplay, types);
  const idAndTime = `SELECT ${toIdSql(entity, "duckdb", { columns: true })} AS id, max(epoch_ms("time")) + 1 AS as_of FROM events GROUP BY ALL`;
  const values = names.map((each) => (replayed.has(each) ? quote(each) : fileSql(each, types.get(each))));
  const join = byReplay.length > 0 ? `JOIN replayed ON replayed.${quote(ID)} = computed.id` : "";
  const from = range.from === undefined ? "TRUE" : `as_of > ${range.from}`;
  const [copied] = await database.all(
    `COPY (SELECT id, as_of, ${values.join(", ")} FROM (${bySql.length > 0 ? queryOf(bySql) : idAndTime}) AS computed ${join}
       WHERE id IS NOT NULL AND ${part.owns("id")} AND ${from} ORDER BY id) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return Number(copied?.Count);
};

/**
 * Computes the features of each entity from the log, and writes them as Parquet. The folder of an entity has a file for
 * each part, by the hash of the id. A row has the vector as of the entity's latest event, with its time plus one in
 * `as_of`.
 *
 * @returns The written files.
 */
export const backfill = async (database: Database, options: BackfillOptions): Promise<WrittenPart[]> => {
  const { features, range, out, partEvents = PART_EVENTS, onPart } = options;
  const [total] = await database.all("SELECT count(*) AS events FROM log_events");
  const parts = Math.max(1, Math.ceil(Number(total?.events) / partEvents));
  onPart("Finding repeated and late events");
  await createUncounted(database, parts);

  const written: WrittenPart[] = [];
  for (const entity of entitiesIn(features)) {
    const name = entityNameOf({ entity });
    const own = featuresOf(features, name);
    const readsGrowth = columnsRead(own).some((column) => GROWTH_FIELDS.some(({ field }) => field === column.name));
    await mkdir(join(out, name), { recursive: true });
    for (let number = 0; number < parts; number += 1) {
      onPart(`Computing features of ${name}, part ${number + 1} of ${parts}`);
      const owns = (id: string): string => `hash(${id}) % ${parts} = ${number}`;
      const part = { entity, owns, readsGrowth };
      await createEvents(database, part, range.to);
      const path = join(out, name, `${String(number).padStart(2, "0")}.parquet`);
      written.push({
        entity: name,
        path,
        rows: await writePart(database, part, own, options, path),
      });
    }
  }
  return written;
};
