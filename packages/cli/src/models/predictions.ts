import type { PredictionPayload } from "@tidemark/schema/log";
import { CommandError } from "../command-line/command-error.ts";
import { type Database, literal } from "../log/database.ts";
import { inRange } from "../log/log-views.ts";
import { DAY_MS, type TimeRange } from "../log/time-range.ts";

/** The table of a model's predictions in the log. */
export const PREDICTIONS = "predictions";

/** The fields of a record of a prediction that an evaluation reads, with their types in DuckDB. */
const FIELDS = {
  model_version: "BIGINT",
  role: "VARCHAR",
  probability: "DOUBLE",
  entity: "VARCHAR",
  id: "VARCHAR",
  time: "BIGINT",
  event_time: "BIGINT",
  value: "DOUBLE",
  fallback: "VARCHAR",
} satisfies Partial<Record<keyof PredictionPayload, string>>;

const RECORDS = "FROM log_records WHERE kind = 'prediction'";

/**
 * Creates the table {@link PREDICTIONS} of a model, with a row for each record. It has the fields of the record, its `number`,
 * and its `day` in UTC. `is_scored` is whether its value is of the model, and not of a fallback.
 *
 * @param range Period of the predictions.
 * @returns The kind of entity that they are about.
 * @throws CommandError without predictions, and for values that are not probabilities.
 */
export const readPredictions = async (database: Database, model: string, range: TimeRange): Promise<string> => {
  const columns = Object.keys(FIELDS)
    .map((name) => `, record.${name}`)
    .join("");
  await database.run(
    `CREATE TABLE ${PREDICTIONS} AS SELECT row_number() OVER (ORDER BY received_at, partition, "offset") AS number ${columns},
       record.time // ${DAY_MS} AS day, record.fallback IS NULL AND record.value IS NOT NULL AS is_scored
     FROM (SELECT partition, "offset", received_at, json_transform(payload, ${literal(JSON.stringify(FIELDS))}) AS record
       ${RECORDS} AND (payload ->> 'model') = ${literal(model)})
     WHERE ${inRange("make_timestamp(record.time * 1000)", range)}`,
  );
  const [first] = await database.all(`SELECT entity FROM ${PREDICTIONS} ORDER BY number DESC LIMIT 1`);
  if (!first) {
    const known = await database.all(`SELECT DISTINCT payload ->> 'model' AS model ${RECORDS} ORDER BY model`);
    const names = known.map(({ model }) => model).join(", ");
    throw new CommandError(
      names.split(", ").includes(model)
        ? `The log has no predictions of model ${model} in this period.`
        : `The log has no predictions${names ? ` of model ${model}; it has those of ${names}` : " of any model"}.`,
    );
  }
  const [wrong] = await database.all(
    `SELECT model_version, value FROM ${PREDICTIONS} WHERE is_scored AND value NOT BETWEEN 0 AND 1 LIMIT 1`,
  );
  if (wrong)
    throw new CommandError(
      `Version ${wrong.model_version} of model ${model} predicts ${wrong.value}: scores need probabilities, from 0 to 1.`,
    );
  return String(first.entity);
};
