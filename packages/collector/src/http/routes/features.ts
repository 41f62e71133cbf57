import type { RollupVectorResponse, SessionVectorResponse } from "@tidemark/schema";
import type { Context } from "hono";
import { abbreviated } from "../../abbreviated.ts";
import { featuresRejection, hasGpc } from "../../access/consent.ts";
import { bearerOf } from "../../access/keys.ts";
import type { TenantLookup } from "../../access/tenant-lookup.ts";
import type { Env } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import { readRollup, readSession } from "../../serving/read-vector.ts";
import type { Tenant } from "../../tenants.ts";
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
    const vector = await readSession(c.env, tenant, id);
    if (!vector) throw vectorNotFound(tenant, "session", id);
    const rejection = reader ? undefined : featuresRejection(tenant.site, vector.consent, hasGpc(c));
    if (rejection) throw new HttpError("no_consent", rejection);
    return c.json({ entity: "session", id, ...vector } satisfies SessionVectorResponse);
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
    const vector = await readRollup(c.env, tenant, entity, id);
    if (!vector) throw vectorNotFound(tenant, entity, id);
    return c.json({ entity, id, ...vector } satisfies RollupVectorResponse);
  });
};
