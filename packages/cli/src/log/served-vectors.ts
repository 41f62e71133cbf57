import type { Feature, ServedSet } from "@tidemark/schema";
import { type ValueKind, valueKindsOf } from "@tidemark/schema/value-kind";
import { type Database, literal, quote } from "./database.ts";

/**
 * The table of served vectors: `served_row`, `id`, `as_of` (the time of the read in UTC milliseconds), `event_time`,
 * `age_ms`, `reader`, and the features as in files.
 */
export const SERVED = "served";

/** Number of the served vectors of a set. */
interface ServedVectors {
  vectors: number;
  /** Number of those that have other definitions than today's. They are not in the table. */
  other_definitions: number;
}

/** A text or a number in the payload of a record as text; NULL for `null`. The operator `->>` would bind weaker than `=`. */
const textAt = (path: string): string => `json_extract_string(payload, ${literal(`$.${path}`)})`;

/** A value in the payload of a record, as in files: a list, and a text or number, is JSON text. */
const valueSql = (name: string, kind: ValueKind | undefined): string => {
  const text = textAt(`features.${name}`);
  switch (kind) {
    case "boolean":
      return `CAST(${text} AS BOOLEAN)`;
    case "string":
      return text;
    case "list":
    case "free":
      return `nullif(CAST(json_extract(payload, ${literal(`$.features.${name}`)}) AS VARCHAR), 'null')`;
    default:
      return `CAST(${text} AS DOUBLE)`;
  }
};

/**
 * Creates the table {@link SERVED} with the vectors of a set that the collector served, in the order of the reads.
 *
 * @param features The site's features.
 * @param own Those of the set.
 */
export const createServed = async (
  database: Database,
  set: ServedSet,
  features: readonly Feature[],
  own: readonly Feature[],
): Promise<ServedVectors> => {
  const kinds = valueKindsOf(features);
  const ofSet = `${textAt("set.name")} = ${literal(set.name)} AND ${textAt("set.version")} = '${set.version}'`;
  await database.run(
    `CREATE TABLE all_served AS SELECT received_at, partition, "offset", CAST(payload AS JSON) AS payload
     FROM log_records WHERE kind = 'served_vector' AND ${ofSet}`,
  );
  const values = own.map(({ name }) => `${valueSql(name, kinds.get(name))} AS ${quote(name)}`);
  await database.run(
    `CREATE TABLE ${SERVED} AS SELECT row_number() OVER (ORDER BY received_at, partition, "offset") AS served_row,
       ${textAt("id")} AS id, epoch_ms(received_at) AS as_of,
       make_timestamp(CAST(${textAt("event_time")} AS BIGINT) * 1000) AS event_time,
       CAST(${textAt("age_ms")} AS BIGINT) AS age_ms, ${textAt("reader")} AS reader, ${values.join(", ")}
     FROM all_served WHERE ${textAt("set.hash")} = ${literal(set.hash)}`,
  );
  const [count] = await database.all(
    `SELECT (SELECT count(*) FROM ${SERVED}) AS vectors, (SELECT count(*) FROM all_served) AS all_vectors`,
  );
  const vectors = Number(count?.vectors);
  return { vectors, other_definitions: Number(count?.all_vectors) - vectors };
};
