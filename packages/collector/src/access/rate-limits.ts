import type { Env } from "../env.ts";
import { HttpError } from "../errors.ts";
import type { Tenant } from "../tenants.ts";

/** Time in which the platform counts towards a limit, in milliseconds: `period` in `wrangler.toml`. */
const PERIOD_MS = 10_000;

/** Largest number of addresses that an isolate remembers as beyond the limit of new sessions. */
const MAX_REMEMBERED = 10_000;

/**
 * The network of an address: the address itself, or the first 64 bits of an IPv6 address, because a household or a
 * server has all addresses that begin with these.
 */
const networkOf = (address: string): string => {
  if (!address.includes(":")) return address;
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":"));
  const zeros = new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill("0");
  return [...head, ...zeros, ...tail].slice(0, 4).join(":");
};

const tooMany = (what: string) =>
  new HttpError("too_many_requests", `The address sends too many ${what} of the site. Send the request again later.`);

/**
 * The limits of requests and of new sessions for each site and address. The platform counts them, in each of its data
 * centres by itself. Without the bindings, or without an address as in a local runtime, nothing is limited.
 */
interface RateLimits {
  /** Counts a batch, or a read by a page. @throws HttpError `too_many_requests` */
  countRequest(env: Env, tenant: Tenant, address: string | undefined): Promise<void>;
  /** Counts a new session. Beyond the limit the address may begin none for {@link PERIOD_MS}. */
  countSession(env: Env, tenant: Tenant, address: string | undefined): Promise<void>;
  /** Whether the address may begin a session. */
  mayBeginSession(tenant: Tenant, address: string | undefined): boolean;
}

/** The error for a batch that would begin a session of an address that may begin none. */
export const tooManySessions = (): HttpError => tooMany("new sessions");

/** Creates the limits of one isolate. */
export const createRateLimits = (): RateLimits => {
  /** The time until which a site's address may begin no session, in UTC milliseconds, in the order of the times. */
  const limitedUntil = new Map<string, number>();
  const keyOf = ({ site }: Tenant, address: string): string => `${site.id} ${networkOf(address)}`;

  return {
    async countRequest({ BATCH_LIMIT }, tenant, address) {
      if (!BATCH_LIMIT || address === undefined) return;
      const { success } = await BATCH_LIMIT.limit({ key: keyOf(tenant, address) });
      if (!success) throw tooMany("requests");
    },

    async countSession({ SESSION_LIMIT }, tenant, address) {
      if (!SESSION_LIMIT || address === undefined) return;
      const key = keyOf(tenant, address);
      const { success } = await SESSION_LIMIT.limit({ key });
      if (success) return;
      const [oldest] = limitedUntil.keys();
      if (oldest !== undefined && limitedUntil.size >= MAX_REMEMBERED) limitedUntil.delete(oldest);
      limitedUntil.delete(key);
      limitedUntil.set(key, Date.now() + PERIOD_MS);
    },

    mayBeginSession(tenant, address) {
      if (limitedUntil.size === 0 || address === undefined) return true;
      const key = keyOf(tenant, address);
      const remaining = (limitedUntil.get(key) ?? 0) - Date.now();
      // `remaining` is too large after the clock was set back.
      if (remaining > 0 && remaining <= PERIOD_MS) return false;
      limitedUntil.delete(key);
      return true;
    },
  };
};
