import type { Event } from "@tidemark/schema";
import type { ReactionPayload } from "@tidemark/schema/log";
import type { CompiledGoal } from "../compile-goals.ts";
import type { Outcome } from "../predictions/outcome.ts";
import { armOf } from "../reactions/arm.ts";
import type { VisitorEventContext } from "../records/event-contexts.ts";
import type { CompiledModel, Tenant } from "../tenants.ts";
import type { StoredSession } from "./row.ts";

/** Largest number of goals of a site that its sessions count: the first ones of the configuration. */
const MAX_COUNTED = 32;

/**
 * Time from the begin of a session to the prediction that is compared with its goals, in milliseconds. It is that of
 * `tidemark models evaluate` and of labels: an earlier prediction knows nearly nothing of the session.
 */
const PREDICTED_AFTER_MS = 30_000;

/** The goals of a session, as the metrics count them. */
export interface StoredGoals {
  /** The names of those that it has reached, each once. */
  reached: string[];
  /** The versions of models with a prediction that counts, as `<model>:<version>`; absent before the first one. */
  predicted?: string[];
  /** Whether the session has events of tests or of the site's own people: it then counts nowhere. */
  is_left_out?: true;
}

/** A goal that a session has reached for the first time, with all that came before it. */
export interface ReachedGoal {
  goal: string;
  /** The versions of models that had a prediction that counts. */
  models: [model: string, version: number][];
  /** The reactions that had fired, with the arm of the session. */
  reactions: [reaction: string, arm: ReactionPayload["arm"]][];
}

const keyOf = ({ name, version }: Pick<CompiledModel, "name" | "version">): string => `${name}:${version}`;

/** The goals of a site that its sessions count. */
export const countedGoals = ({ goals }: Pick<Tenant, "goals">): readonly CompiledGoal[] => goals.slice(0, MAX_COUNTED);

/** The names of the goals that a session has not reached yet, and may. */
export const openGoals = ({ goals }: StoredSession, tenant: Tenant): string[] =>
  (goals?.is_left_out ? [] : countedGoals(tenant)).flatMap(({ name }) => (goals?.reached.includes(name) ? [] : [name]));

/** The goals that an event of a session reaches for the first time in the session. It counts for the features. */
export const reachGoals = (
  stored: StoredSession,
  tenant: Tenant,
  event: Event,
  context: VisitorEventContext,
): ReachedGoal[] => {
  if (tenant.goals.length === 0 || stored.goals?.is_left_out) return [];
  if (context.traffic) {
    stored.goals = { reached: [], is_left_out: true };
    return [];
  }
  const { predicted, reached = [] } = stored.goals ?? {};
  const counted = countedGoals(tenant);
  const names = counted.flatMap((each) =>
    !reached.includes(each.name) && each.isReachedBy(event, context) ? [each.name] : [],
  );
  if (names.length === 0) return [];
  // Those that the site does not have any more are removed: the list does not grow with each change of the configuration.
  const kept = reached.filter((name) => counted.some((each) => each.name === name));
  stored.goals = { reached: [...kept, ...names], ...(predicted && { predicted }) };
  const models = tenant.models.flatMap((model): ReachedGoal["models"] =>
    predicted?.includes(keyOf(model)) ? [[model.name, model.version]] : [],
  );
  const reactions = tenant.reactions.flatMap((reaction): ReachedGoal["reactions"] =>
    stored.reactions?.latest[reaction.name] ? [[reaction.name, armOf(reaction, stored.session_id)]] : [],
  );
  return names.map((goal) => ({ goal, models, reactions }));
};

/**
 * Notes the prediction of a version of a model that counts: the first one from 0 to 1, from {@link PREDICTED_AFTER_MS} on, that
 * is no fallback. Returns the goals that the session has not reached yet; `undefined` for any other prediction.
 *
 * @param time UTC milliseconds by the collector's clock.
 */
export const notePredicted = (
  stored: StoredSession,
  tenant: Tenant,
  model: CompiledModel,
  { value, fallback }: Pick<Outcome, "value" | "fallback">,
  time: number,
): string[] | undefined => {
  if (tenant.goals.length === 0 || stored.goals?.is_left_out) return undefined;
  const isProbability = fallback === null && value !== null && value >= 0 && value <= 1;
  if (!isProbability || time - stored.began_at < PREDICTED_AFTER_MS) return undefined;
  const { reached = [], predicted = [] } = stored.goals ?? {};
  if (predicted.includes(keyOf(model))) return undefined;
  const kept = predicted.filter((key) => tenant.models.some((each) => keyOf(each) === key));
  stored.goals = { reached, predicted: [...kept, keyOf(model)] };
  return openGoals(stored, tenant);
};
