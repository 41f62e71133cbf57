import type { RollupVectorResponse, SessionVectorResponse, VectorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { abbreviated } from "../../abbreviated.ts";
import { featuresRejection, hasGpc } from "../../access/consent.ts";
import { bearerOf } from "../../access/keys.ts";
import type { TenantLookup } from "../../access/tenant-lookup.ts";
import { setNamed } from "../../config.ts";
import type { Env } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import { readRollup, readSession } from "../../serving/read-vector.ts";
import type { CompiledSet, Tenant } from "../../tenants.ts";
import type { RouteGroup } from "../route-group.ts";

type FeatureRequest = Context<{ Bindings: Env }>;

/** The tenant of the read key that a server sends; `undefined` without a key. */
const tenantByReadKey = async (c: FeatureRequest, lookup: TenantLookup): Promise<Tenant | undefined> => {
  const bearer = bearerOf(c);
  return bearer === undefined ? undefined : lookup.byReadKey(bearer, c.env);
};

/**
 * The tenant of the public key that a page sends; `undefined` without a key. Whoever has a session's
 * id and the public key may read the session: all tabs of a browser share the id, and a request without `Origin` passes.
 */
const tenantByKey = (c: FeatureRequest, lookup: TenantLookup): Tenant | undefined => {
  const key = c.req.query("key");
  return key === undefined ? undefined : lookup.byKey(key, c.req.header("origin"));
};

/** Rejects a path with percent-encoding that does not decode to text, which the router leaves as it is. */
const expectDecodable = (c: FeatureRequest): void => {
  try {
    decodeURIComponent(new URL(c.req.url).pathname);
  } catch {
    throw new HttpError("invalid_path", `${abbreviated(c.req.path)}: encode the entity's id with encodeURIComponent.`);
  }
};

const vectorNotFound = ({ site }: Tenant, entity: string, id: string) =>
  new HttpError("not_found", `Site ${site.id} has no ${entity} ${JSON.stringify(abbreviated(id))}.`);

/**
 * The feature set that a request names by `set`: `purchase_intent` for its highest version, or `purchase_intent:2`.
 *
 * @throws HttpError `invalid_query` that lists the sets of the entity.
 */
const setIn = (c: FeatureRequest, { featureSets }: Tenant, entity: string): CompiledSet | undefined => {
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
 * `GET /v1/features/{entity}/{id}`: the vector at the time of the call. A session's vector includes every acknowledged
 * event; a rollup's, those of confirmed pushes.
 */
export const featureRoutes: RouteGroup = (app, { lookup }) => {
  app.use("/v1/features/*", async (c, next) => {
    expectDecodable(c);
    await next();
    c.header("cache-control", "no-store");
  });

  app.get("/v1/features/session/:id", async (c) => {
    const reader = await tenantByReadKey(c, lookup);
    const tenant = reader ?? tenantByKey(c, lookup);
    if (!tenant) {
      const message = "Send `Authorization: Bearer <read key>`, or from a page of the site `?key=<public key>`.";
      throw new HttpError("unauthorized", message);
    }
    const id = c.req.param("id");
    const set = setIn(c, tenant, "session");
    const vector = await readSession(c.env, tenant, id);
    if (!vector) throw vectorNotFound(tenant, "session", id);
    const rejection = reader ? undefined : featuresRejection(tenant.site, vector.consent, hasGpc(c));
    if (rejection) throw new HttpError("no_consent", rejection);
    return c.json({ entity: "session", id, ...inSet(vector, set) } satisfies SessionVectorResponse);
  });

  app.get("/v1/features/:entity/:id", async (c) => {
    const { entity, id } = c.req.param();
    const tenant = await tenantByReadKey(c, lookup);
    if (!tenant) {
      throw new HttpError(
        "unauthorized",
        "Send `Authorization: Bearer <read key>`: a page may read only its own session.",
      );
    }
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
  });
};
