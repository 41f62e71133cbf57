import { type Env, usageOf } from "../env.ts";
import { HttpError } from "../errors.ts";
import { addUsage, type DailyUsage, type Usage } from "../metrics/daily-usage.ts";
import type { Meter } from "../metrics/meter.ts";
import { callObject } from "../metrics/waits.ts";
import type { Tenant } from "../tenants.ts";

/** Time between two exchanges with the site's usage object, in milliseconds. */
const EXCHANGE_EVERY_MS = 1_000;

/** The usage of a site as an isolate knows it. */
interface KnownUsage {
  /** The latest usage of all isolates. */
  total: DailyUsage | undefined;
  /** The usage of this isolate that the usage object does not have yet. */
  pending: DailyUsage | undefined;
  /** When the running exchange began, in UTC milliseconds. */
  exchangingSince: number;
}

/** Counts new sessions and events of each site and day, in UTC, towards its caps. */
interface CapCounter {
  /** Whether the site may begin no more sessions today. */
  isReached(tenant: Tenant, cap: keyof Usage): boolean;
  /**
   * Counts new sessions and accepted events.
   *
   * @returns A promise for `waitUntil`; `undefined` when there is nothing to send yet.
   */
  count(env: Env, tenant: Tenant, usage: Usage): Promise<void> | undefined;
}

/** The error for a batch beyond a cap. */
export const overDailyCap = ({ site }: Tenant, cap: keyof Usage): HttpError =>
  new HttpError(
    "over_daily_cap",
    `Site ${site.id} accepts no more ${cap === "sessions" ? "new sessions" : "events"} today. Send the batch again later.`,
  );

const today = (): string => new Date().toISOString().slice(0, 10);

/**
 * Creates the counter of one isolate. The isolates of a deployment learn the usage of each other once a second, so that
 * a site accepts more than its cap by about a second of traffic.
 */
export const createCapCounter = (meter: Meter): CapCounter => {
  const known = new Map<string, KnownUsage>();

  const exchange = async (env: Env, { site }: Tenant, usage: KnownUsage): Promise<void> => {
    usage.exchangingSince = Date.now();
    await scheduler.wait(EXCHANGE_EVERY_MS);
    usage.exchangingSince = Number.NEGATIVE_INFINITY;
    const { pending } = usage;
    if (!pending) return;
    usage.pending = undefined;
    try {
      const { total, reached } = await callObject("Metrics", async () =>
        usageOf(env, site.id).addUsage(pending, site.dailyCaps ?? {}),
      );
      usage.total = total;
      for (const { cap, percent } of reached) {
        meter.count("tidemark_daily_cap_reached_total", { site: site.id, cap, percent }, 1);
        console.warn(`site ${site.id} has used ${percent} % of its daily cap of ${cap}`);
      }
    } catch (error) {
      console.error("the daily usage could not be stored; its counts are kept for the next attempt", error);
      usage.pending = addUsage(usage.pending, pending);
    }
  };

  return {
    isReached({ site }, cap) {
      const total = known.get(site.id)?.total;
      return total?.day === today() && total[cap] >= (site.dailyCaps?.[cap] ?? Number.POSITIVE_INFINITY);
    },

    count(env, tenant, { sessions, events }) {
      const { id, dailyCaps } = tenant.site;
      if (!dailyCaps || sessions + events === 0) return undefined;
      const usage: KnownUsage = known.get(id) ?? {
        total: undefined,
        pending: undefined,
        exchangingSince: Number.NEGATIVE_INFINITY,
      };
      known.set(id, usage);
      usage.pending = addUsage(usage.pending, { day: today(), sessions, events });
      // The runtime may end a request before its wait ends. An exchange that takes too long is therefore replaced.
      const isExchanging = Math.abs(Date.now() - usage.exchangingSince) < 2 * EXCHANGE_EVERY_MS;
      return isExchanging ? undefined : exchange(env, tenant, usage);
    },
  };
};
