import { hashOf } from "@tidemark/engine";
import type { BatchResponse, FeatureValue, LatestPrediction } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { type Assigned, assign } from "../predictions/assignment.ts";
import { type CountedPrediction, counted } from "../predictions/count-prediction.ts";
import type { Outcome } from "../predictions/outcome.ts";
import { predictAtOnce, type Subject, valuesOf } from "../predictions/predict.ts";
import { predictionRecord } from "../predictions/prediction-record.ts";
import type { CompiledModel, Tenant } from "../tenants.ts";
import { notePredicted } from "./goals.ts";
import { recordPayload } from "./record.ts";
import type { StoredSession } from "./row.ts";

/** A version whose input has changed, with the features at that time. */
export interface DuePrediction {
  assigned: Assigned;
  subject: Subject;
  /** UTC milliseconds by the collector's clock. */
  time: number;
  event_time: number;
}

const keyOf = ({ name, version }: CompiledModel): string => `${name}:${version}`;

const inputHash = (model: CompiledModel, subject: Subject): number => hashOf(JSON.stringify(valuesOf(model, subject)));

/** The names of the models of a site that run on change, each after those whose predictions it reads. */
const namesOf = ({ models }: Tenant): string[] => [
  ...new Set(models.filter(({ when }) => when === "on_change").map(({ name }) => name)),
];

/** The features of a session at a time, with its latest predictions. */
export const featuresOf = (
  stored: StoredSession,
  { definitions }: Tenant,
  time: number,
): Record<string, FeatureValue> => {
  const predictions = Object.entries(stored.predictions?.latest ?? {});
  return {
    ...definitions.session.vector(stored.engine, time),
    ...Object.fromEntries(predictions.map(([name, [, value]]) => [`prediction.${name}`, value])),
  };
};

/** Stores the outcome of a version, and adds its record. Returns it as the metrics count it. */
export const applyPrediction = (
  stored: StoredSession,
  tenant: Tenant,
  { assigned, subject, time, event_time }: DuePrediction,
  outcome: Outcome,
): CountedPrediction => {
  const { log, definitions } = tenant;
  const { model, role } = assigned;
  stored.predictions ??= { latest: {}, inputs: {} };
  stored.predictions.inputs[keyOf(model)] = inputHash(model, subject);
  if (role !== "shadow" && outcome.value !== null)
    stored.predictions.latest[model.name] = [model.version, outcome.value, time];
  if (log) {
    const circumstances = { reader: "session", time, event_time, definition_version: definitions.version } as const;
    const payload = { ...predictionRecord(assigned, subject, outcome, circumstances) };
    recordPayload(stored, { kind: "prediction", payload }, time);
  }
  const open_goals = notePredicted(stored, tenant, model, outcome, time);
  return { ...counted(model, outcome), ...(open_goals && { open_goals }) };
};

/**
 * Runs the models whose input has changed, at once where they can. Without consent to personalisation it deletes all
 * predictions.
 *
 * @param now UTC milliseconds by the collector's clock.
 * @returns The predictions made, and the versions that need a server or a file first.
 */
export const predictOnChange = (
  stored: StoredSession,
  tenant: Tenant,
  now: number,
): { made: CountedPrediction[]; due: DuePrediction[] } => {
  const names = namesOf(tenant);
  const { session_id: id, engine } = stored;
  const { event_time } = engine;
  if (names.length === 0 || event_time === null || !isPersonal(stored.consent)) {
    delete stored.predictions;
    return { made: [], due: [] };
  }
  const time = Math.max(now, event_time);
  const features = featuresOf(stored, tenant, time);
  const made: CountedPrediction[] = [];
  const due: DuePrediction[] = [];
  for (const name of names) {
    const { answering, shadows } = assign(tenant, name, "session", id);
    for (const assigned of [answering, ...shadows]) {
      const { model } = assigned;
      const subject = { entity: "session", id, features };
      if (stored.predictions?.inputs[keyOf(model)] === inputHash(model, subject)) continue;
      const each = { assigned, subject, time, event_time };
      const outcome = predictAtOnce(model, tenant, subject);
      if (outcome) made.push(applyPrediction(stored, tenant, each, outcome));
      else due.push({ ...each, subject: { ...subject, features: { ...features } } });
    }
    const [, value] = stored.predictions?.latest[name] ?? [];
    if (value !== undefined) features[`prediction.${name}`] = value;
  }
  return { made, due };
};

/** The latest predictions of models that the site still has, for the page of the session; `undefined` without one. */
export const predictionsFor = (stored: StoredSession, tenant: Tenant): BatchResponse["predictions"] => {
  const latest = Object.entries(stored.predictions?.latest ?? {}).filter(([name]) => namesOf(tenant).includes(name));
  if (latest.length === 0) return undefined;
  return Object.fromEntries(latest.map(([name, [version, value]]) => [name, { value, version }]));
};

/** The latest predictions with times and ages, for the session's vector; `undefined` without one. */
export const latestPredictions = (
  stored: StoredSession,
  tenant: Tenant,
  now: number,
): Record<string, LatestPrediction> | undefined => {
  const predictions = predictionsFor(stored, tenant);
  if (!predictions) return undefined;
  return Object.fromEntries(
    Object.entries(predictions).map(([name, prediction]) => {
      const time = stored.predictions?.latest[name]?.[2] ?? now;
      return [name, { ...prediction, time, age_ms: Math.max(0, now - time) }];
    }),
  );
};
