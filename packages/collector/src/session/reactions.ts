import { hashOf } from "@tidemark/engine";
import type { DeliveredReaction, Event } from "@tidemark/schema";
import { isPersonal, modelOfFeature } from "@tidemark/schema/entities";
import { MAX_REACTIONS } from "@tidemark/schema/limits";
import type { ReactionCause, ReactionPayload, ReactionStep } from "@tidemark/schema/log";
import { armOf } from "../reactions/arm.ts";
import type { CompiledReaction } from "../reactions/compile-reactions.ts";
import { causeOf, isFulfilled, type ReactionInput } from "../reactions/evaluate.ts";
import type { StoredEnvelope } from "../records/event-contexts.ts";
import type { Tenant } from "../tenants.ts";
import type { SessionBatch } from "./batch.ts";
import type { CountedStep } from "./count-step.ts";
import type { FollowedReactions } from "./followers.ts";
import { featuresOf, predictionsFor } from "./predictions.ts";
import { recordPayload } from "./record.ts";
import type { NamedUser, StoredReaction, StoredReactions, StoredSession } from "./row.ts";
import { dropWebhooks, queueWebhook } from "./webhooks.ts";

/**
 * Largest number of reactions of which a session stores the latest firing. There are more than a site can have after a
 * change of the configuration only.
 */
const MAX_STORED = 32;

/** Time by which a firing may be later than a batch without a change of the clock, in milliseconds. */
const SET_BACK_MS = 60_000;

/**
 * Largest number of operands that the search for the next time evaluates for all reactions of a session: a few milliseconds,
 * in which the session serves nobody.
 */
const MAX_SEARCH = 16_000;

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

/** A step of a reaction, to be recorded. */
interface Step {
  reaction: string;
  reaction_id: string;
  step: ReactionStep;
  arm: ReactionPayload["arm"];
  time: number;
}

const takeStep = (stored: StoredSession, { log }: Tenant, step: Step, cause?: ReactionCause): CountedStep => {
  const { reaction, arm, time } = step;
  if (log) {
    const payload = { ...step, entity: "session", id: stored.session_id, ...cause } satisfies ReactionPayload;
    recordPayload(stored, { kind: "reaction", payload }, time);
  }
  return { reaction, arm, step: step.step };
};

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

/** Ends the delivery of the pending firings that satisfy a condition. */
const settle = (
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

/**
 * Moves firings back that are later than now, because the clock was set back: neither their cooldown nor their delivery lasts
 * longer for it. The clocks of two machines differ by less than {@link SET_BACK_MS}.
 */
const followClock = ({ latest }: StoredReactions, now: number): void => {
  for (const firing of Object.values(latest)) {
    const ahead = firing.fired_at - now;
    if (ahead <= SET_BACK_MS) continue;
    firing.fired_at -= ahead;
    if (firing.pending) firing.pending.expires_at -= ahead;
  }
};

/** The users that a batch names, in order. */
const usersIn = ({ envelope, events }: Pick<ReactingBatch, "envelope" | "events">): NamedUser[] => {
  if (!isPersonal(envelope.consent)) return [];
  const { user_id, vouched } = envelope;
  const identified = events.flatMap((event) => {
    const { type, user_id } = (event ?? {}) as Partial<Extract<Event, { type: "identify" }>>;
    return type === "identify" && typeof user_id === "string" ? [user_id] : [];
  });
  return [...(user_id?.trim() ? [user_id] : []), ...identified].map((id) => {
    const isClaim = vouched !== undefined && !(vouched && id === user_id);
    return { hash: hashOf(id), ...(!isClaim && { id }) };
  });
};

/** Whether a batch may name the user: anybody who knows a session's id can send one, but only its pages have its secret. */
const mayNameUser = ({ secret_hash }: StoredSession, { isOwn }: ReactingBatch): boolean =>
  isOwn || secret_hash === undefined;

/** Notes the users that a batch names, or that it names none. A firing for one user is never delivered to another one. */
const noteUsers = (stored: StoredSession, tenant: Tenant, users: readonly NamedUser[], now: number): CountedStep[] => {
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

/**
 * The time from which on a reaction may fire, in UTC milliseconds; `undefined` for never again. It does not fire again in a
 * session or in its cooldown, and not while the page has to acknowledge it.
 */
const readyAt = (
  { name, once, cooldownMs = 0 }: Pick<CompiledReaction, "name" | "once" | "cooldownMs">,
  latest: StoredReactions["latest"] = {},
): number | undefined => {
  const firing = latest[name];
  if (!firing) return 0;
  return once ? undefined : Math.max(firing.fired_at + cooldownMs, firing.pending?.expires_at ?? 0);
};

/** Removes the oldest firings of reactions that the site does not have any more, if there are too many. */
const removeOldest = ({ latest }: StoredReactions, { reactions }: Tenant): void => {
  const names = new Set(reactions.map(({ name }) => name));
  const removed = Object.entries(latest)
    .filter(([name, { pending }]) => !names.has(name) && !pending)
    .toSorted(([, a], [, b]) => a.fired_at - b.fired_at);
  const surplus = Math.max(0, Object.keys(latest).length - MAX_STORED);
  for (const [name] of removed.slice(0, surplus)) delete latest[name];
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
      known.latest[name] = { fired_at: now, ...(isForPage && { pending: { id, expires_at, user } }) };
      const step: Step = { reaction: name, reaction_id: id, step: "fired", arm, time: now };
      const cause = causeOf(reaction, input, expires_at);
      if (arm === "treatment" && to.includes("webhook")) notifyWebhook(stored, tenant, reaction, step, cause);
      return takeStep(stored, tenant, step, cause);
    });
  if (fired.length > 0) {
    stored.reactions = known;
    removeOldest(known, tenant);
  }
  return [...expired, ...fired];
};

/**
 * The firings that a page has to acknowledge, the earliest first.
 *
 * @param user Hash of the user at the page; `null` for none.
 */
const pendingReactions = (
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
const isFollowWorthwhile = ({ reactions }: StoredSession, tenant: Tenant): boolean =>
  tenant.reactions.some(
    (reaction) => reaction.timed && reaction.to.includes("page") && readyAt(reaction, reactions?.latest) !== undefined,
  );

/** Ends the delivery of all pending firings of a session: it closes, or the visitor has withdrawn the consent. */
export const endReactions = (stored: StoredSession, tenant: Tenant, now: number): CountedStep[] =>
  settle(stored, tenant, "expired", now, () => true);

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
  const users = usersIn(batch);
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
