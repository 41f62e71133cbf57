import { isPersonal } from "@tidemark/schema/entities";
import type { ReactionCause } from "@tidemark/schema/log";
import { armOf } from "../reactions/arm.ts";
import type { CompiledReaction } from "../reactions/compile-reactions.ts";
import { causeOf, isFulfilled, type ReactionInput } from "../reactions/evaluate.ts";
import type { Tenant } from "../tenants.ts";
import type { CountedStep } from "./count-step.ts";
import { openGoals } from "./goals.ts";
import { followClock, readyAt, removeOldest } from "./latest-firings.ts";
import { featuresOf, predictionsFor } from "./predictions.ts";
import { type Step, settle, takeStep } from "./reaction-steps.ts";
import type { StoredReactions, StoredSession } from "./row.ts";
import { queueWebhook } from "./webhooks.ts";

/** Queues the message about a firing for the site's webhook. */
const notifyWebhook = (
  stored: StoredSession,
  { site }: Tenant,
  { name, entity, payload = {} }: CompiledReaction,
  { reaction_id, time }: Step,
  { features, predictions, expires_at }: ReactionCause,
): void => {
  const user_id = stored.reactions?.user?.id;
  const data = {
    ...{ site: site.id, reaction: name, reaction_id, entity, id: stored.session_id },
    ...(user_id !== undefined && { user_id }),
    ...{ payload, features, predictions, time, expires_at },
  };
  queueWebhook(stored, { id: reaction_id, type: "reaction.fired", time, data }, time);
};

/**
 * Evaluates the reactions of a session that may fire, and fires those whose condition is true. A firing is in the state of
 * the session, and is delivered with each response until the page has acknowledged it.
 *
 * @param now UTC milliseconds by the collector's clock.
 * @param reactions Those to evaluate. Default: all.
 */
export const fireReactions = (
  stored: StoredSession,
  tenant: Tenant,
  now: number,
  reactions: readonly CompiledReaction[] = tenant.reactions,
): CountedStep[] => {
  const { engine, session_id } = stored;
  const { event_time } = engine;
  if (event_time === null || stored.closed || !isPersonal(stored.consent)) return [];
  if (stored.reactions) followClock(stored.reactions, now);
  const expired = settle(stored, tenant, "expired", now, ({ expires_at }) => expires_at <= now);
  const known: StoredReactions = stored.reactions ?? { latest: {} };
  const ready = reactions.filter((reaction) => (readyAt(reaction, known.latest) ?? Number.POSITIVE_INFINITY) <= now);
  if (ready.length === 0) return expired;
  const input: ReactionInput = {
    features: featuresOf(stored, tenant, Math.max(now, event_time)),
    predictions: predictionsFor(stored, tenant) ?? {},
    definition_version: tenant.definitions.version,
    event_time,
  };
  const fired = ready
    .filter((reaction) => isFulfilled(reaction, input))
    .map((reaction) => {
      const { name, to, expiresMs } = reaction;
      const arm = armOf(reaction, session_id);
      const [id, expires_at] = [crypto.randomUUID(), now + expiresMs];
      const isForPage = arm === "treatment" && to.includes("page");
      const user = known.user?.hash ?? null;
      const open_goals = known.latest[name] ? [] : openGoals(stored, tenant);
      known.latest[name] = { fired_at: now, ...(isForPage && { pending: { id, expires_at, user } }) };
      const step: Step = { reaction: name, reaction_id: id, step: "fired", arm, time: now };
      const cause = causeOf(reaction, input, expires_at);
      if (arm === "treatment" && to.includes("webhook")) notifyWebhook(stored, tenant, reaction, step, cause);
      return { ...takeStep(stored, tenant, step, cause), ...(open_goals.length > 0 && { open_goals }) };
    });
  if (fired.length > 0) {
    stored.reactions = known;
    removeOldest(known, tenant);
  }
  return [...expired, ...fired];
};
