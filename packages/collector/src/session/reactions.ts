import type { DeliveredReaction } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import type { Tenant } from "../tenants.ts";
import type { SessionBatch } from "./batch.ts";
import type { CountedStep } from "./count-step.ts";
import { fireReactions } from "./fire-reactions.ts";
import { followClock } from "./latest-firings.ts";
import { isFollowWorthwhile } from "./next-reaction.ts";
import { pendingReactions } from "./pending-reactions.ts";
import { endReactions, settle } from "./reaction-steps.ts";
import { noteUsers, usersIn } from "./reaction-users.ts";
import type { StoredSession } from "./row.ts";
import { dropWebhooks } from "./webhooks.ts";

/** A batch for the reactions of its session. */
interface ReactingBatch extends Pick<SessionBatch, "received_at" | "reactions_received" | "reactions_unknown"> {
  envelope: StoredEnvelope;
  events: readonly unknown[];
  /** Number of its events that the session accepted. */
  accepted: number;
  /** Whether the batch has the session's secret. */
  isOwn: boolean;
}

/** The reactions of a batch. */
interface Reacted {
  steps: CountedStep[];
  /** The reactions for its response. */
  delivered: DeliveredReaction[];
  /** Whether the page should connect, because a reaction can fire without a batch. */
  follows: boolean;
}

/** Whether a batch may name the user: anybody who knows a session's id can send one, but only its pages have its secret. */
const mayNameUser = ({ secret_hash }: StoredSession, { isOwn }: ReactingBatch): boolean =>
  isOwn || secret_hash === undefined;

/**
 * Applies a batch to the reactions of its session: acknowledgements first, then the consent and the user, then the
 * conditions. A batch without an accepted event fires nothing.
 */
export const reactToBatch = (stored: StoredSession, tenant: Tenant, batch: ReactingBatch): Reacted => {
  const { received_at: now, reactions_received: received, reactions_unknown: unknown, isOwn, envelope } = batch;
  const isPersonalNow = isPersonal(stored.consent);
  if (!isPersonalNow) dropWebhooks(stored);
  if (tenant.reactions.length === 0) {
    // The times of firings remain: a reaction that is removed and defined again does not fire twice.
    const steps = endReactions(stored, tenant, now);
    delete stored.reactions?.user;
    return { steps, delivered: [], follows: false };
  }
  if (stored.reactions) followClock(stored.reactions, now);
  const steps = [
    ...(isOwn && received ? settle(stored, tenant, "received", now, ({ id }) => received.includes(id)) : []),
    ...(isOwn && unknown ? settle(stored, tenant, "unknown", now, ({ id }) => unknown.includes(id)) : []),
    ...(isPersonalNow ? [] : endReactions(stored, tenant, now)),
  ];
  if (!isPersonalNow) delete stored.reactions?.user;
  const users = usersIn(envelope, batch.events);
  if (batch.accepted > 0) {
    if (isPersonalNow && mayNameUser(stored, batch)) steps.push(...noteUsers(stored, tenant, users, now));
    steps.push(...fireReactions(stored, tenant, now));
  }
  const isShown = isOwn && received !== undefined && isPersonalNow && isPersonal(envelope.consent);
  return {
    steps,
    delivered: isShown ? pendingReactions(stored, tenant, users.at(-1)?.hash ?? null, now) : [],
    follows: isShown && isFollowWorthwhile(stored, tenant),
  };
};
