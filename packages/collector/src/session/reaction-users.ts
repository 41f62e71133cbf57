import { hashOf } from "@tidemark/engine";
import type { Event } from "@tidemark/schema";
import { isPersonal } from "@tidemark/schema/entities";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import type { Tenant } from "../tenants.ts";
import type { CountedStep } from "./count-step.ts";
import { settle } from "./reaction-steps.ts";
import type { NamedUser, StoredSession } from "./row.ts";

/** The users that a batch names, in order. */
export const usersIn = ({ consent, user_id, vouched }: StoredEnvelope, events: readonly unknown[]): NamedUser[] => {
  if (!isPersonal(consent)) return [];
  const identified = events.flatMap((event) => {
    const { type, user_id } = (event ?? {}) as Partial<Extract<Event, { type: "identify" }>>;
    return type === "identify" && typeof user_id === "string" ? [user_id] : [];
  });
  return [...(user_id?.trim() ? [user_id] : []), ...identified].map((id) => {
    const isClaim = vouched !== undefined && !(vouched && id === user_id);
    return { hash: hashOf(id), ...(!isClaim && { id }) };
  });
};

/** Notes the users that a batch names, or that it names none. A firing for one user is never delivered to another one. */
export const noteUsers = (
  stored: StoredSession,
  tenant: Tenant,
  users: readonly NamedUser[],
  now: number,
): CountedStep[] => {
  const steps: CountedStep[] = [];
  const known = stored.reactions?.user;
  if (known && users.length === 0) known.is_absent = true;
  for (const user of users) {
    stored.reactions ??= { latest: {} };
    stored.reactions.user = user;
    steps.push(...settle(stored, tenant, "expired", now, (pending) => (pending.user ?? user.hash) !== user.hash));
    for (const { pending } of Object.values(stored.reactions.latest)) if (pending) pending.user = user.hash;
  }
  return steps;
};
