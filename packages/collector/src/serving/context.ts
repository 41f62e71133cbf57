import type { ContextResponse, ContextStep, FeatureValue, SessionVectorResponse } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import { abbreviated } from "../abbreviated.ts";
import { HttpError } from "../errors.ts";
import { pageText, pageValue } from "../page-text.ts";
import type { Selection } from "../selected.ts";
import type { Tenant } from "../tenants.ts";
import { readVector, type Vector } from "./read-vector.ts";
import { type Reader, serve } from "./reader.ts";
import { selectionOf } from "./selection.ts";
import { expectRead, expectSessionId, readFromSession } from "./session-vector.ts";

/** The parameters of a read of a context. */
export interface ContextRead {
  /** `session` or `user`. */
  entity: string;
  id: string;
  /** A feature set of the entity. */
  set?: string | undefined;
}

/** A whole context: nothing is left out for its size. */
export type Context = ContextResponse;

const plainValues = (features: Record<string, FeatureValue>): Record<string, FeatureValue> =>
  Object.fromEntries(Object.entries(features).map(([name, value]) => [name, pageValue(value)]));

/** The goals that a session has reached, by the features of the site that count them. */
const goalsReached = (
  { goals, features: defined }: Tenant,
  values: Record<string, FeatureValue>,
): { name: string; count: number }[] =>
  goals.flatMap(({ name, source, where }) => {
    const feature = defined.find((each) => each.entity === "session" && each.name === `${name}_count`);
    // Another feature can have this name.
    const isOfGoal =
      feature &&
      "source" in feature &&
      JSON.stringify([feature.source, feature.where]) === JSON.stringify([source, where]);
    const count = isOfGoal ? values[feature.name] : null;
    return typeof count === "number" && count > 0 ? [{ name, count }] : [];
  });

const contextOf = (
  { entity, id }: { entity: "session" | "user"; id: string },
  { event_time, age_ms, set, features }: Vector & { set?: ContextResponse["set"] },
  steps: ContextStep[],
  removed: number,
): Context => ({
  ...{ entity, id: pageText(id), time: Math.round(event_time + age_ms), event_time, steps },
  ...(set && { set }),
  features: plainValues(features),
  left_out: { steps: removed, features: 0 },
});

/** The expectation of consent, as for a prediction: a context is for a program that acts on the visitor. */
const expectConsent = ({ consent }: Pick<SessionVectorResponse, "consent">): void => {
  if (isPersonal(consent)) return;
  throw new HttpError(
    "no_consent",
    `The session has no context: personalisation is ${consent?.personalisation}. Features of the session remain readable.`,
  );
};

const readSessionContext = async (reader: Reader, id: string, selection: Selection | undefined): Promise<Context> => {
  expectSessionId(reader, id);
  const { env, tenant } = reader;
  const read = await readFromSession(env, tenant, id, async (session) => session.context(tenant.site.id));
  const { vector, steps, removed } = expectRead(reader, id, read);
  expectConsent(vector);
  const whole: SessionVectorResponse = { entity: "session", id, ...vector };
  const goals = goalsReached(tenant, vector.features);
  const selected = selection ? serve(reader, whole, selection) : { ...whole, features: {} };
  return {
    ...contextOf({ entity: "session", id }, selected, steps, removed),
    closed_at: vector.closed_at,
    goals,
  };
};

/**
 * The context of a session or a user at the time of the call. A session's has its latest page views and actions, in order;
 * a user's has features only. The log records the features as a served vector if their set says so.
 *
 * @throws HttpError `not_found` for another entity, or an unknown id; `invalid_query` for an unknown set; `no_consent`
 * without consent to personalisation; or as `readVector`.
 */
export const readContext = async (reader: Reader, { entity, id, set }: ContextRead): Promise<Context> => {
  if (entity !== "session" && entity !== "user")
    throw new HttpError(
      "not_found",
      `A context is that of a session or a user; given ${JSON.stringify(abbreviated(entity))}.`,
    );
  const selection = selectionOf(reader.tenant, entity, { set }, "invalid_query");
  if (entity === "session") return readSessionContext(reader, id, selection);
  return contextOf({ entity, id }, await readVector(reader, entity, id, selection), [], 0);
};
