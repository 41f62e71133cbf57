import type { Feature, ServedSet } from "@tidemark/schema";
import { withReads } from "@tidemark/schema/derivation-order";
import { entityNameOf } from "@tidemark/schema/entities";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, literal, quote } from "./database.ts";
import { featureEngines } from "./feature-engines.ts";
import { addEntities, type Identity } from "./label-entities.ts";
import type { Labels } from "./labels.ts";
import { eventsSql } from "./query-views.ts";
import { SERVED } from "./served-vectors.ts";
import { createUncounted, forEachPart } from "./vectors.ts";

/** Number of events for which there is one part. */
const PART_EVENTS = 2_000_000;

/** Number of labels of an entity from which a replay, which is linear in them, is faster than SQL. */
const MANY_LABELS = 20;

/** Greatest number of missing entities that are named. */
const MAX_NAMED = 1_000;

/** A column of a training set, and its values. */
interface ColumnSummary {
  feature: string;
  /** The source of the values: SQL or the engine over the log, or the vectors that were served. */
  engine: "replay" | "served" | "sql";
  nulls: number;
  /** Smallest and largest value; `null` without one. */
  min: unknown;
  max: unknown;
}

/** The content of a training set. */
export interface TrainingSummary {
  rows: number;
  /** Labels that were left out because the entity's events before them have this kind of traffic. */
  traffic: { test: number; internal: number };
  /**
   * Ids of entities without an event before their label, each once: at most 1,000. Their rows have the values of no events.
   * In a training set of served vectors, ids without one by their label; they have no row.
   */
  missing: string[];
  /** Number of such labels. */
  missing_labels: number;
  features: ColumnSummary[];
}

/**
 * Prepares a log for labels and vectors: finds the events that count nowhere, and creates the view `counted_events` with all others.
 * With the identity `final`, each event of a browser has the latest user of the browser.
 *
 * @returns The number of parts into which entities are divided.
 */
export const prepareEvents = async (database: Database, identity: Identity): Promise<number> => {
  const [total] = await database.all("SELECT count(*) AS events FROM log_events");
  const parts = Math.max(1, Math.ceil(Number(total?.events) / PART_EVENTS));
  await createUncounted(database, parts);
  if (identity === "final") {
    await database.run(
      `CREATE TABLE identities AS SELECT anonymous_id, arg_max(user_id, "time") AS user_id
       FROM log_events WHERE user_id IS NOT NULL GROUP BY anonymous_id`,
    );
    await database.run("ALTER VIEW log_events RENAME TO captured_events");
    await database.run(
      `CREATE VIEW log_events AS SELECT captured_events.* REPLACE (coalesce(identities.user_id, captured_events.user_id) AS user_id)
       FROM captured_events LEFT JOIN identities USING (anonymous_id)`,
    );
  }
  await database.run(
    `CREATE VIEW counted_events AS SELECT * FROM (${eventsSql({})}) ANTI JOIN uncounted USING (partition, "offset")`,
  );
  return parts;
};

/** Options of {@link writeTrainingSet} and {@link writeServedSet}. */
export interface TrainingSetOptions {
  /** The site's features. */
  features: readonly Feature[];
  /** The features of the set, in its order. */
  own: readonly Feature[];
  set: ServedSet;
  labels: Labels;
  identity: Identity;
  /** Whether labels of tests and of the site's own people are kept. */
  keepsTraffic: boolean;
  parts: number;
  /** Path of the file. */
  out: string;
}

/** Columns that a training set has beside those of labels and features. */
const OWN_COLUMNS = ["label_row", "entity_id", "event_time", "label_traffic"];

/** Columns that one of served vectors has in addition. */
const SERVED_COLUMNS = ["served_at", "age_ms", "reader"];

const checkNames = (columns: readonly string[], own: readonly Feature[], more: readonly string[] = []): void => {
  const feature = own.find(({ name }) => more.includes(name));
  if (feature) throw new CommandError(`feature ${feature.name} has the name of a column of served vectors: rename it.`);
  const reserved = new Set([...OWN_COLUMNS, ...more, ...own.map(({ name }) => name)]);
  const taken = columns.find((name) => reserved.has(name));
  if (taken !== undefined)
    throw new CommandError(
      `--labels: the column ${taken} has the name of another column of the training set: rename it.`,
    );
};

/** Deletes the rows of tests and of the site's own people, unless they are kept. Returns their numbers. */
const deleteTraffic = async (database: Database, keepsTraffic: boolean): Promise<TrainingSummary["traffic"]> => {
  const traffic = { test: 0, internal: 0 };
  if (keepsTraffic) return traffic;
  const counted = await database.all(
    `SELECT label_traffic, count(*) AS labels FROM rows WHERE label_traffic IS NOT NULL GROUP BY label_traffic`,
  );
  for (const { label_traffic, labels } of counted) traffic[label_traffic as keyof typeof traffic] = Number(labels);
  await database.run("DELETE FROM rows WHERE label_traffic IS NOT NULL");
  return traffic;
};

/** Writes the rows of a query, with the set in the metadata of the file. */
const writeFile = async (
  database: Database,
  query: string,
  { own, set, identity, out }: Pick<TrainingSetOptions, "own" | "set" | "identity" | "out">,
): Promise<void> => {
  const [{ entity }] = own as [Feature];
  const metadata = Object.entries({
    ...{ ...set, entity: entityNameOf({ entity }), identity },
    features: own.map(({ name }) => name).join(),
  }).map(([name, value]) => `tidemark_${name}: ${literal(String(value))}`);
  await database.run(
    `COPY (${query}) TO ${literal(out)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {${metadata.join(", ")}})`,
  );
};

/** Counts the rows, and the labels of the rows that a condition finds, with the ids of their entities. */
const countRows = async (database: Database, isMissing: string) => {
  const [count] = await database.all(
    `SELECT count(*) AS labels, count(*) FILTER (WHERE ${isMissing}) AS missing FROM rows`,
  );
  const missing = await database.all(
    `SELECT id FROM rows WHERE ${isMissing} GROUP BY id ORDER BY min(label_row) LIMIT ${MAX_NAMED}`,
  );
  return {
    labels: Number(count?.labels),
    missing: missing.map(({ id }) => id as string),
    missing_labels: Number(count?.missing),
  };
};

/** Summarises the columns of features of the written file. */
const summarise = async (
  database: Database,
  out: string,
  own: readonly Feature[],
  engineOf: (name: string) => ColumnSummary["engine"],
): Promise<ColumnSummary[]> => {
  const calls = own.map(({ name }, index) => {
    const column = quote(name);
    return `count(*) - count(${column}) AS nulls_${index}, min(${column}) AS min_${index}, max(${column}) AS max_${index}`;
  });
  const [row = {}] = await database.all(`SELECT ${calls.join(", ")} FROM read_parquet(${literal(out)})`);
  return own.map(({ name }, index) => ({
    feature: name,
    engine: engineOf(name),
    nulls: Number(row[`nulls_${index}`]),
    min: row[`min_${index}`] ?? null,
    max: row[`max_${index}`] ?? null,
  }));
};

/**
 * Joins each label with the features of its entity as of its moment: from the events before it, and from none later. Writes
 * one Parquet file with `id`, `as_of`, `event_time` (the entity's latest event before), the columns of the labels, and the
 * features of the set. Its metadata have the set's name, version and hash.
 */
export const writeTrainingSet = async (
  database: Database,
  { features, own, set, labels, identity, keepsTraffic, parts, out }: TrainingSetOptions,
): Promise<TrainingSummary> => {
  checkNames(labels.columns, own);
  const [{ entity }] = own as [Feature];
  await addEntities(database, entity, identity);
  const traffic = await deleteTraffic(database, keepsTraffic);

  const needed = withReads(features, new Set(own.map(({ name }) => name)));
  const [load] = await database.all("SELECT count(*) / count(DISTINCT entity_id) AS labels FROM rows");
  const { replayed } = featureEngines(needed, Number(load?.labels) >= MANY_LABELS ? "replay" : undefined);
  const moments = { select: "SELECT entity_id AS id, as_of FROM rows" };
  const names = own.map(({ name }) => quote(name)).join(", ");
  let isCreated = false;
  await forEachPart(database, { features: needed, replayed, moments, parts }, async (select) => {
    await database.run(
      isCreated
        ? `INSERT INTO vectors SELECT id, as_of, ${names} FROM (${select})`
        : `CREATE TABLE vectors AS SELECT id, as_of, ${names} FROM (${select})`,
    );
    isCreated = true;
  });

  const columns = [
    ...[
      "rows.id",
      "make_timestamp(rows.as_of * 1000) AS as_of",
      "make_timestamp(rows.event_time * 1000) AS event_time",
    ],
    ...labels.columns.map((name) => `rows.${quote(name)}`),
    ...own.map(({ name }) => `vectors.${quote(name)}`),
  ];
  await writeFile(
    database,
    `SELECT ${columns.join(", ")} FROM rows JOIN vectors ON vectors.id = rows.entity_id AND vectors.as_of = rows.as_of
       ORDER BY label_row`,
    { own, set, identity, out },
  );
  const { labels: rows, ...missing } = await countRows(database, "event_time IS NULL");
  const engineOf = (name: string) => (replayed.has(name) ? "replay" : "sql");
  return { rows, traffic, ...missing, features: await summarise(database, out, own, engineOf) };
};

/** The served vector of each label. One of a goal was made at the read of a vector; any other has the latest one. */
const servedOf = (labels: Labels): string =>
  labels.areOfServed
    ? `rows JOIN ${SERVED} ON served_row = label_row`
    : `rows ASOF JOIN ${SERVED} ON ${SERVED}.id = rows.id AND ${SERVED}.as_of <= rows.as_of`;

/**
 * Joins each label with the features that the collector served: with those of its read, or with the latest ones that were
 * served by its moment. Writes one Parquet file as {@link writeTrainingSet}, with `served_at`, `age_ms` and `reader` in
 * addition. The table `served` has the vectors.
 */
export const writeServedSet = async (
  database: Database,
  { own, set, labels, identity, keepsTraffic, out }: Omit<TrainingSetOptions, "features" | "parts">,
): Promise<TrainingSummary> => {
  checkNames(labels.columns, own, SERVED_COLUMNS);
  const [{ entity }] = own as [Feature];
  await addEntities(database, entity, identity);
  const traffic = await deleteTraffic(database, keepsTraffic);
  const time = (name: string) => `make_timestamp(${name} * 1000)`;
  const columns = [
    ...["rows.id", `${time("rows.as_of")} AS as_of`, `${time(`${SERVED}.as_of`)} AS served_at`],
    ...[`${SERVED}.event_time`, "age_ms", "reader"],
    ...labels.columns.map((name) => `rows.${quote(name)}`),
    ...own.map(({ name }) => `${SERVED}.${quote(name)}`),
  ];
  const joined = servedOf(labels);
  await writeFile(database, `SELECT ${columns.join(", ")} FROM ${joined} ORDER BY label_row`, {
    ...{ own, set, identity, out },
  });
  const { labels: all, ...missing } = await countRows(database, `label_row NOT IN (SELECT label_row FROM ${joined})`);
  const features = await summarise(database, out, own, () => "served");
  return { rows: all - missing.missing_labels, traffic, ...missing, features };
};
