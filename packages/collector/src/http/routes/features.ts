import {
  type RollupVectorResponse,
  type SessionVectorResponse,
  sessionRead,
  userRead,
  type VectorResponse,
} from "@tidemark/schema";
import { abbreviated } from "../../abbreviated.ts";
import { featuresRejection, hasGpc } from "../../access/consent.ts";
import { createRateLimits } from "../../access/rate-limits.ts";
import { isUserToken } from "../../access/user-token.ts";
import { setNamed } from "../../config.ts";
import { HttpError } from "../../errors.ts";
import { readRollup, readSession } from "../../serving/read-vector.ts";
import type { SessionVector } from "../../session/session.ts";
import type { CompiledSet, Tenant } from "../../tenants.ts";
import { readBody } from "../read-body.ts";
import type { RouteContext, RouteGroup } from "../route.ts";

/** Rejects a path with percent-encoding that does not decode to text, which the router leaves as it is. */
const expectDecodable = (c: RouteContext): void => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw new HttpError("invalid_path", `${abbreviated(c.req.path)}: encode the entity's id with encodeURIComponent.`);
  }
};

const { countRequest } = createRateLimits();

const vectorNotFound = ({ site }: Tenant, entity: string, id: string, condition = "") =>
  new HttpError("not_found", `Site ${site.id} has no ${entity} ${JSON.stringify(abbreviated(id))}${condition}.`);

/**
 * The feature set that a request names by `set`: `purchase_intent` for its highest version, or `purchase_intent:2`.
 *
 * @throws HttpError `invalid_query` that lists the sets of the entity.
 */
const setIn = (c: RouteContext, { featureSets }: Tenant, entity: string): CompiledSet | undefined => {
  const given = c.req.query("set");
  if (given === undefined) return undefined;
  const own = featureSets.filter((set) => set.entity === entity);
  const named = setNamed(own, given);
  if (named) return named;
  const sets = own.map((set) => `${set.name}:${set.version}`).join(", ") || "none, since the site has no set of it";
  throw new HttpError(
    "invalid_query",
    `set: ${entity} has no set ${JSON.stringify(abbreviated(given))}; expected ${sets}.`,
  );
};

/** The part of a vector that a feature set names, with the set. */
const inSet = <V extends Pick<VectorResponse, "features">>(vector: V, set: CompiledSet | undefined): V => {
  if (!set) return vector;
  const features = Object.fromEntries(set.features.map((name) => [name, vector.features[name] ?? null]));
  return { ...vector, set: set.served, features };
};

/**
 * The session of a page, as the page may read it.
 *
 * @throws HttpError `not_found`, also for a wrong secret, so that it does not show which sessions exist; `no_consent`; or
 * `too_many_requests`.
 */
const readOwnSession = async (c: RouteContext, tenant: Tenant, id: string, secret: string): Promise<SessionVector> => {
  await countRequest(c.env, tenant, c.req.header("cf-connecting-ip"));
  const vector = await readSession(c.env, tenant, id, secret);
  if (!vector) throw vectorNotFound(tenant, "session", id, " that began with this secret");
  const rejection = featuresRejection(tenant.site, vector.consent, hasGpc(c));
  if (rejection) throw new HttpError("no_consent", rejection);
  return vector;
};

/**
 * The vectors at the time of the call. A session's vector includes every acknowledged event; a rollup's, those of
 * confirmed pushes.
 */
export const featureRoutes: RouteGroup<
  | "GET /v1/features/session/:id"
  | "POST /v1/features/session/:id"
  | "POST /v1/features/user/:id"
  | "GET /v1/features/:entity/:id"
> = () => ({
  async "GET /v1/features/session/:id"(c, tenant) {
    expectDecodable(c);
    const id = c.req.param("id");
    const set = setIn(c, tenant, "session");
    const vector = await readSession(c.env, tenant, id);
    if (!vector) throw vectorNotFound(tenant, "session", id);
    return c.json({ entity: "session", id, ...inSet(vector, set) } satisfies SessionVectorResponse);
  },

  async "POST /v1/features/session/:id"(c, tenantOf) {
    expectDecodable(c);
    const { key, session_secret } = await readBody(c.req.raw, sessionRead);
    const tenant = tenantOf(key);
    const id = c.req.param("id");
    const set = setIn(c, tenant, "session");
    const vector = await readOwnSession(c, tenant, id, session_secret);
    return c.json({ entity: "session", id, ...inSet(vector, set) } satisfies SessionVectorResponse);
  },

  async "POST /v1/features/user/:id"(c, tenantOf) {
    expectDecodable(c);
    const { key, session_id, session_secret, user_token } = await readBody(c.req.raw, userRead);
    const tenant = tenantOf(key);
    const id = c.req.param("id");
    if (!(await isUserToken(c.env, tenant.site, id, user_token)))
      throw new HttpError(
        "unauthorized",
        "user_token: expected the HMAC-SHA256 of the user's id with the secret that userTokenSecret names.",
      );
    const set = setIn(c, tenant, "user");
    await readOwnSession(c, tenant, session_id, session_secret);
    const vector = tenant.definitions.rollups.has("user") ? await readRollup(c.env, tenant, "user", id) : undefined;
    if (!vector) throw vectorNotFound(tenant, "user", id);
    // The ids of the user's other browsers are for servers only.
    const { anonymous_ids: _, ...others } = vector;
    return c.json({ entity: "user", id, ...inSet(others, set) } satisfies RollupVectorResponse);
  },

  async "GET /v1/features/:entity/:id"(c, tenant) {
    expectDecodable(c);
    const { entity, id } = c.req.param();
    const { rollups } = tenant.definitions;
    if (!rollups.has(entity)) {
      const defined = ["session", ...rollups.keys()].join(", ");
      throw new HttpError(
        "not_found",
        `No feature is defined for ${JSON.stringify(abbreviated(entity))}; expected one of ${defined}.`,
      );
    }
    const set = setIn(c, tenant, entity);
    const vector = await readRollup(c.env, tenant, entity, id);
    if (!vector) throw vectorNotFound(tenant, entity, id);
    return c.json({ entity, id, ...inSet(vector, set) } satisfies RollupVectorResponse);
  },
});
