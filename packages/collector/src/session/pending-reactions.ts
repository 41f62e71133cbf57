import type { DeliveredReaction } from "@tidemark/schema";
import { MAX_REACTIONS } from "@tidemark/schema/limits";
import type { Tenant } from "../tenants.ts";
import type { FollowedReactions } from "./followers.ts";
import type { StoredSession } from "./row.ts";

/**
 * The firings that a page has to acknowledge, the earliest first.
 *
 * @param user Hash of the user at the page; `null` for none.
 */
export const pendingReactions = (
  { reactions }: StoredSession,
  tenant: Tenant,
  user: number | null,
  now: number,
): DeliveredReaction[] =>
  Object.entries(reactions?.latest ?? {})
    .toSorted(([, a], [, b]) => a.fired_at - b.fired_at)
    .flatMap(([name, { pending }]) => {
      const reaction = tenant.reactions.find((each) => each.name === name && each.to.includes("page"));
      if (!reaction || !pending || pending.expires_at <= now) return [];
      if (pending.user !== null && pending.user !== user) return [];
      const { payload = {} } = reaction;
      return [{ id: pending.id, name, payload, expires_in_ms: pending.expires_at - now }];
    })
    .slice(0, MAX_REACTIONS);

/** The reactions for a page that follows the session; `undefined` when no event of the session counted. */
export const followedReactions = (
  stored: StoredSession,
  tenant: Tenant,
  now: number,
): FollowedReactions | undefined => {
  if (stored.engine.event_time === null) return undefined;
  const { hash = null, is_absent = false } = stored.reactions?.user ?? {};
  const user = is_absent ? null : hash;
  return { consent: stored.consent, user, reactions: pendingReactions(stored, tenant, user, now) };
};
