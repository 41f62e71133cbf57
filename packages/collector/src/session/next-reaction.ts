import { isPersonal, modelOfFeature } from "@tidemark/schema/entities";
import type { CompiledReaction } from "../reactions/compile-reactions.ts";
import type { Tenant } from "../tenants.ts";
import { readyAt } from "./latest-firings.ts";
import type { StoredSession } from "./row.ts";

/**
 * Largest number of operands that the search for the next time evaluates for all reactions of a session: a few milliseconds,
 * in which the session serves nobody.
 */
const MAX_SEARCH = 16_000;

/** The reactions that may fire without a batch: `isFollowed` is whether a page of the session receives them by a connection. */
export const receivedReactions = ({ reactions }: Tenant, isFollowed: boolean): CompiledReaction[] =>
  reactions.filter(({ to }) => to.includes("webhook") || (isFollowed && to.includes("page")));

/**
 * The earliest time at which time alone makes a reaction fire, in UTC milliseconds; `undefined` for none. For costly conditions
 * it may be an earlier one, from which on to search again.
 *
 * @param reactions Those to consider.
 * @param from First time to consider, in UTC milliseconds.
 * @param until Last time to consider: the session closes after it.
 */
export const nextReactionAt = (
  stored: StoredSession,
  reactions: readonly CompiledReaction[],
  from: number,
  until: number,
): number | undefined => {
  if (stored.engine.event_time === null || stored.closed || !isPersonal(stored.consent)) return undefined;
  const { latest = {} } = stored.predictions ?? {};
  const constant = (name: string) => latest[modelOfFeature(name) ?? ""]?.[1];
  const searched = reactions.flatMap(({ timed, ...reaction }) => {
    const ready = readyAt(reaction, stored.reactions?.latest);
    return timed && ready !== undefined && ready <= until ? [{ timed, first: Math.max(from, ready) }] : [];
  });
  const times = searched.flatMap(({ timed, first }) => {
    const at = timed.nextTrue(stored.engine, constant, first, until, MAX_SEARCH / searched.length);
    return at === undefined ? [] : [at];
  });
  return times.length > 0 ? Math.min(...times) : undefined;
};

/** Whether time alone can fulfil the condition of a reaction to the page that may fire again in the session. */
export const isFollowWorthwhile = ({ reactions }: StoredSession, tenant: Tenant): boolean =>
  tenant.reactions.some(
    (reaction) => reaction.timed && reaction.to.includes("page") && readyAt(reaction, reactions?.latest) !== undefined,
  );
