import { createRateLimits, tooManySessions } from "../access/rate-limits.ts";
import type { Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import type { Meter } from "../metrics/meter.ts";
import type { BatchResult } from "../session/batch.ts";
import type { Tenant } from "../tenants.ts";
import { createCapCounter, overDailyCap } from "./daily-caps.ts";

/** A client of a site, and where its batches are counted. */
export interface LimitedClient {
  env: Env;
  /** The client's address; `undefined` where there is none. */
  address: string | undefined;
}

/** The limits of what clients can make a site do: its pause, rate limits by address, and daily caps. */
export interface Limits {
  /** Counts a batch. @throws HttpError when the site accepts none now, or none of the client. */
  admit(tenant: Tenant, client: LimitedClient): Promise<void>;
  /** The error for a batch that begins a session; `undefined` when the client may begin one. */
  sessionRejection(tenant: Tenant, client: LimitedClient): HttpError | undefined;
  /** Counts the outcome of a batch. Returns a promise for `waitUntil`. */
  count(tenant: Tenant, client: LimitedClient, result: BatchResult): Promise<unknown>;
}

/** Creates the limits of one isolate. */
export const createLimits = (meter: Meter): Limits => {
  const rates = createRateLimits();
  const caps = createCapCounter(meter);
  return {
    async admit(tenant, { env, address }) {
      const { site } = tenant;
      if (site.pause) throw new HttpError("paused", `Site ${site.id} is paused. Send the batch again later.`);
      if (caps.isReached(tenant, "events")) throw overDailyCap(tenant, "events");
      await rates.countRequest(env, tenant, address);
    },
    sessionRejection(tenant, { address }) {
      if (caps.isReached(tenant, "sessions")) return overDailyCap(tenant, "sessions");
      return rates.mayBeginSession(tenant, address) ? undefined : tooManySessions();
    },
    count(tenant, { env, address }, { response, has_begun = false }) {
      return Promise.all([
        has_begun && rates.countSession(env, tenant, address),
        caps.count(env, tenant, { sessions: Number(has_begun), events: response.accepted }),
      ]);
    },
  };
};
