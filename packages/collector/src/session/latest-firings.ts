import type { CompiledReaction } from "../reactions/compile-reactions.ts";
import type { Tenant } from "../tenants.ts";
import type { StoredReactions } from "./row.ts";

/**
 * Largest number of reactions of which a session stores the latest firing. There are more than a site can have after a
 * change of the configuration only.
 */
const MAX_STORED = 32;

/** Time by which a firing may be later than a batch without a change of the clock, in milliseconds. */
const SET_BACK_MS = 60_000;

/**
 * Moves firings back that are later than now, because the clock was set back: neither their cooldown nor their delivery lasts
 * longer for it. The clocks of two machines differ by less than {@link SET_BACK_MS}.
 */
export const followClock = ({ latest }: StoredReactions, now: number): void => {
  for (const firing of Object.values(latest)) {
    const ahead = firing.fired_at - now;
    if (ahead <= SET_BACK_MS) continue;
    firing.fired_at -= ahead;
    if (firing.pending) firing.pending.expires_at -= ahead;
  }
};

/**
 * The time from which on a reaction may fire, in UTC milliseconds; `undefined` for never again. It does not fire again in a
 * session or in its cooldown, and not while the page has to acknowledge it.
 */
export const readyAt = (
  { name, once, cooldownMs = 0 }: Pick<CompiledReaction, "name" | "once" | "cooldownMs">,
  latest: StoredReactions["latest"] = {},
): number | undefined => {
  const firing = latest[name];
  if (!firing) return 0;
  return once ? undefined : Math.max(firing.fired_at + cooldownMs, firing.pending?.expires_at ?? 0);
};

/** Removes the oldest firings of reactions that the site does not have any more, if there are too many. */
export const removeOldest = ({ latest }: StoredReactions, { reactions }: Tenant): void => {
  const names = new Set(reactions.map(({ name }) => name));
  const removed = Object.entries(latest)
    .filter(([name, { pending }]) => !names.has(name) && !pending)
    .toSorted(([, a], [, b]) => a.fired_at - b.fired_at);
  const surplus = Math.max(0, Object.keys(latest).length - MAX_STORED);
  for (const [name] of removed.slice(0, surplus)) delete latest[name];
};
