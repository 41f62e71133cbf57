import type { BulkPredictionResponse, MissingPrediction, PredictionResponse } from "@tidemark/schema";
import { isPersonal, modelOfFeature } from "@tidemark/schema/entities";
import { abbreviated } from "../abbreviated.ts";
import { HttpError, toHttpError } from "../errors.ts";
import { countServed } from "../metrics/feature-age.ts";
import type { Meter } from "../metrics/meter.ts";
import { type Assigned, assign } from "../predictions/assignment.ts";
import { counted, countPrediction } from "../predictions/count-prediction.ts";
import type { Outcome } from "../predictions/outcome.ts";
import { predict, type Subject } from "../predictions/predict.ts";
import { predictionRecord } from "../predictions/prediction-record.ts";
import { valueIn } from "../selected.ts";
import { readWholeVector, type Vector } from "./read-vector.ts";
import { isVector, readWholeVectors } from "./read-vectors.ts";
import type { Reader } from "./reader.ts";

/** A reader of predictions. */
export interface PredictionReader extends Reader {
  meter: Meter;
  /** Continues work after the response. */
  waitUntil(work: Promise<unknown>): void;
}

/** The entity of one prediction. */
interface EntityRead {
  entity: string;
  id: string;
}

/** Checks that predictions of a model are for an entity. @throws HttpError `not_found` */
const expectInput = ({ tenant }: Reader, name: string, { entity, id }: EntityRead): void => {
  const { input } = assign(tenant, name, entity, id).answering.model;
  if (input.entity === entity) return;
  throw new HttpError(
    "not_found",
    `Model ${name} is for ${input.entity}; given ${JSON.stringify(abbreviated(entity))}.`,
  );
};

/** Checks the consent to a prediction about a visitor. The vectors of users have events with consent only. */
const expectConsent = (vector: Vector): void => {
  const consent = "consent" in vector ? vector.consent : undefined;
  if (isPersonal(consent)) return;
  throw new HttpError(
    "no_consent",
    `No prediction about the visitor may be made: personalisation is ${consent?.personalisation}.`,
  );
};

const subjectOf = (
  vector: Vector,
  read: EntityRead,
  { input }: Assigned["model"],
  others: readonly string[],
): Subject => {
  const names = [...input.features, ...others].filter((name) => modelOfFeature(name) !== undefined);
  const predictions = names.map((name) => [name, valueIn(vector, name)] as const);
  return { ...read, features: { ...vector.features, ...Object.fromEntries(predictions) } };
};

/** Runs a version, and records and counts its outcome. */
const run = async (
  reader: PredictionReader,
  vector: Vector,
  read: EntityRead,
  assigned: Assigned,
  longestMs?: number,
): Promise<Outcome> => {
  const { tenant, env, records, meter, caller } = reader;
  const { model } = assigned;
  // A fallback may read predictions that the model does not.
  const predicted = tenant.featureSets.flatMap(({ features }) => features);
  const subject = subjectOf(vector, read, model, predicted);
  const { event_time, age_ms, definition_version } = vector;
  const outcome = await predict(model, tenant, env, subject, longestMs);
  const circumstances = { reader: caller, time: Math.round(event_time + age_ms), event_time, definition_version };
  const payload = { ...predictionRecord(assigned, subject, outcome, circumstances) };
  // Not one of the session's own records, whose numbers follow each other.
  records.add(tenant, { kind: "prediction", payload });
  countPrediction(meter, tenant.site.id, counted(model, outcome));
  return outcome;
};

/** The error for an outcome without a value. The words of a server or of the configuration are not for pages. */
const failed = ({ fallback, error }: Outcome, name: string, { caller }: Reader): HttpError => {
  const reason = caller === "page" ? "" : `: ${error}`;
  return fallback === "missing_model"
    ? new HttpError("model_refused", `Model ${name} does not run${reason || "."}`)
    : new HttpError("model_unavailable", `Model ${name} has no prediction${reason}. Send the request again.`);
};

/** The prediction for a vector that was read. @throws HttpError `no_consent`, `model_refused` or `model_unavailable` */
const predictionFor = async (
  reader: PredictionReader,
  name: string,
  read: EntityRead,
  vector: Vector,
  longestMs?: number,
): Promise<PredictionResponse> => {
  expectConsent(vector);
  const { answering, shadows } = assign(reader.tenant, name, read.entity, read.id);
  countServed(reader.tenant.site.id, { ...read, age_ms: vector.age_ms, set: answering.model.input.served });
  for (const shadow of shadows) {
    // It may end after the request has sent its records.
    const flush = () => reader.records.flush(reader.env);
    reader.waitUntil(run(reader, vector, read, shadow).then(flush));
  }
  const outcome = await run(reader, vector, read, answering, longestMs);
  const { value, fallback, latency_ms } = outcome;
  if (value === null) throw failed(outcome, name, reader);
  const { version, input } = answering.model;
  const { event_time, age_ms } = vector;
  return { model: name, version, ...read, value, fallback, latency_ms, event_time, age_ms, set: input.served };
};

/**
 * The prediction of a model for an entity, from its current vector.
 *
 * @param known The vector, if it was read already.
 * @throws HttpError `not_found` for an unknown model, or an entity of another kind than the model's; `no_consent`;
 * `model_refused` or `model_unavailable` without a fallback; or as `readVector`.
 */
export const predictOne = async (
  reader: PredictionReader,
  name: string,
  read: EntityRead,
  known?: Vector,
): Promise<PredictionResponse> => {
  expectInput(reader, name, read);
  return predictionFor(reader, name, read, known ?? (await readWholeVector(reader, read.entity, read.id)));
};

/**
 * The predictions of a model for many entities, as {@link predictOne}.
 *
 * @param deadlineMs Time after which the predictions that have not ended are missing, or are those of the fallback.
 * @throws HttpError `not_found` for an unknown model, or an entity of another kind than the model's.
 */
export const predictMany = async (
  reader: PredictionReader,
  name: string,
  reads: readonly EntityRead[],
  deadlineMs: number,
): Promise<BulkPredictionResponse> => {
  for (const read of reads) expectInput(reader, name, read);
  const startedAt = Date.now();
  const vectors = await readWholeVectors(reader, reads, deadlineMs);
  const remaining = Math.max(0, startedAt + deadlineMs - Date.now());
  const late = `The vector was not read within ${deadlineMs} ms. Send a later deadline_ms.`;
  const results = await Promise.all(
    reads.map(async ({ entity, id }, index): Promise<PredictionResponse | MissingPrediction> => {
      const vector = vectors[index];
      const missing = (code: MissingPrediction["code"], message: string) => ({ entity, id, code, message });
      if (!vector) return missing("deadline_exceeded", late);
      if (!isVector(vector)) return missing(vector.code, vector.message);
      return predictionFor(reader, name, { entity, id }, vector, remaining).catch((error) => {
        const { code, message } = toHttpError(error);
        return missing(code, message);
      });
    }),
  );
  return {
    predictions: results.filter((result) => "value" in result),
    missing: results.filter((result) => "code" in result),
  };
};
