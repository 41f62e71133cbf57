import type { ReactionCause, ReactionPayload, ReactionStep } from "@tidemark/schema/log";
import type { Tenant } from "../tenants.ts";
import type { CountedStep } from "./count-step.ts";
import { recordPayload } from "./record.ts";
import type { StoredReaction, StoredSession } from "./row.ts";

/** A step of a reaction, to be recorded. */
export interface Step {
  reaction: string;
  reaction_id: string;
  step: ReactionStep;
  arm: ReactionPayload["arm"];
  time: number;
}

/** Records a step, and returns it to be counted. */
export const takeStep = (stored: StoredSession, { log }: Tenant, step: Step, cause?: ReactionCause): CountedStep => {
  const { reaction, arm, time } = step;
  if (log) {
    const payload = { ...step, entity: "session", id: stored.session_id, ...cause } satisfies ReactionPayload;
    recordPayload(stored, { kind: "reaction", payload }, time);
  }
  return { reaction, arm, step: step.step };
};

/** Ends the delivery of the pending firings that satisfy a condition. */
export const settle = (
  stored: StoredSession,
  tenant: Tenant,
  step: Exclude<ReactionStep, "fired">,
  time: number,
  isSettled: (pending: NonNullable<StoredReaction["pending"]>) => boolean,
): CountedStep[] =>
  Object.entries(stored.reactions?.latest ?? {}).flatMap(([reaction, firing]) => {
    const { pending } = firing;
    if (!pending || !isSettled(pending)) return [];
    delete firing.pending;
    return [takeStep(stored, tenant, { reaction, reaction_id: pending.id, step, arm: "treatment", time })];
  });

/** Ends the delivery of all pending firings of a session: it closes, or the visitor has withdrawn the consent. */
export const endReactions = (stored: StoredSession, tenant: Tenant, now: number): CountedStep[] =>
  settle(stored, tenant, "expired", now, () => true);
