import { type Env, metricsOf } from "../env.ts";
import { meter } from "../metrics/isolate-meter.ts";
import type { CompiledReaction } from "../reactions/compile-reactions.ts";
import { type Tenants, tenantOf } from "../tenants.ts";
import { idleAt } from "./close.ts";
import { type CountedStep, countStep } from "./count-step.ts";
import { fireReactions } from "./fire-reactions.ts";
import type { Followers } from "./followers.ts";
import { nextReactionAt, receivedReactions } from "./next-reaction.ts";
import { endReactions } from "./reaction-steps.ts";
import type { StoredSession } from "./row.ts";
import type { SessionStore } from "./store.ts";
import { MAX_UNSENT, unsentLength } from "./unsent.ts";

/**
 * The reactions of a session between its batches: those that time alone makes fire, and the end of all. A page receives them by a
 * connection, or the webhook does.
 */
export class ReactionTimer {
  readonly #store: SessionStore;
  readonly #followers: Pick<Followers, "haveReactions" | "notify">;
  readonly #context: Pick<DurableObjectState, "waitUntil">;
  readonly #env: Env;
  readonly #tenants: Tenants;

  constructor(
    store: SessionStore,
    followers: Pick<Followers, "haveReactions" | "notify">,
    context: Pick<DurableObjectState, "waitUntil">,
    env: Env,
    tenants: Tenants,
  ) {
    this.#store = store;
    this.#followers = followers;
    this.#context = context;
    this.#env = env;
    this.#tenants = tenants;
  }

  /**
   * The first time at which time alone makes a reaction fire before the session closes, in UTC milliseconds; `undefined` for
   * none. It can be earlier: then the search goes on at that time. It is not stored: compute it after each batch, at each
   * alarm, and when a page connects.
   *
   * @param from First time at which a reaction may fire, in UTC milliseconds.
   */
  nextAt(stored: StoredSession, from: number): number | undefined {
    const reactions = this.#received(stored).filter(({ timed }) => timed);
    return nextReactionAt(stored, reactions, from, (idleAt(stored) ?? 0) - 1);
  }

  /** Fires the reactions that time alone has fulfilled, if a page or the webhook receives them. */
  async fire(stored: StoredSession): Promise<void> {
    const [reactions, now] = [this.#received(stored), Date.now()];
    if (!reactions.some(({ timed }) => timed) || stored.closed || now >= (idleAt(stored) ?? 0)) return;
    const tenant = tenantOf(this.#tenants, stored.site);
    const steps = this.#store.change(stored, () => fireReactions(stored, tenant, now, reactions));
    if (steps.length > 0) await this.#store.commit(stored);
    this.count(stored, steps);
    // Also after an earlier alarm that stopped before it could send.
    this.#followers.notify();
  }

  /** Ends the delivery of all firings of a session that closes. The caller stores the state, and then counts the steps. */
  end(stored: StoredSession, now: number): CountedStep[] {
    return endReactions(stored, tenantOf(this.#tenants, stored.site), now);
  }

  /** Counts steps that are stored. */
  count({ site }: StoredSession, steps: readonly CountedStep[]): void {
    if (steps.length === 0) return;
    for (const step of steps) countStep(meter, site, step);
    const flushing = meter.flush(() => metricsOf(this.#env));
    if (flushing) this.#context.waitUntil(flushing);
  }

  /**
   * The reactions that a page or the webhook receives without a batch. There are none if time alone fulfils no condition of the
   * site, and while too many records wait for the partition.
   */
  #received({ site, unsent }: StoredSession): CompiledReaction[] {
    const tenant = this.#tenants.get(site);
    if (!tenant?.reactions.some(({ timed }) => timed) || unsentLength(unsent) >= MAX_UNSENT) return [];
    return receivedReactions(tenant, this.#followers.haveReactions);
  }
}
