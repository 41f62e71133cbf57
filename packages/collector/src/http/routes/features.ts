import { sessionRead, userRead } from "@tidemark/schema";
import { abbreviated } from "../../abbreviated.ts";
import { isUserToken } from "../../access/user-token.ts";
import { HttpError } from "../../errors.ts";
import { readVector } from "../../serving/read-vector.ts";
import { serve } from "../../serving/reader.ts";
import { readSessionAsOf } from "../../serving/session-as-of.ts";
import type { Tenant } from "../../tenants.ts";
import { expectDecodable } from "../decodable.ts";
import { readOwnSession } from "../own-session.ts";
import { readQuery } from "../query.ts";
import { readBody } from "../read-body.ts";
import type { RouteContext, RouteGroup } from "../route.ts";
import { selectedBy, selectionIn } from "../selection-in-query.ts";
import { timeIn } from "../time-in-query.ts";

/** The reads of one vector. */
export const featureRoutes: RouteGroup<
  | "GET /v1/features/session/:id"
  | "POST /v1/features/session/:id"
  | "POST /v1/features/user/:id"
  | "GET /v1/features/:entity/:id"
> = ({ records }) => {
  const respondToServer = async (c: RouteContext, tenant: Tenant, entity: string, id: string): Promise<Response> => {
    const reader = { env: c.env, tenant, caller: "server", records } as const;
    const { as_of, ...query } = readQuery(c, ["set", "features", "as_of"]);
    const selection = selectedBy(query, tenant, entity);
    if (as_of === undefined) return c.json(await readVector(reader, entity, id, selection));
    const time = timeIn("as_of", as_of);
    if (entity === "session") return c.json(await readSessionAsOf(reader, id, time, selection));
    const command = `tidemark features as-of ${entity} ${JSON.stringify(abbreviated(id))} --at ${as_of}`;
    throw new HttpError("invalid_query", `as_of: expected for a session only. Run: ${command}`);
  };

  return {
    "GET /v1/features/session/:id"(c, tenant) {
      expectDecodable(c);
      return respondToServer(c, tenant, "session", c.req.param("id"));
    },

    async "POST /v1/features/session/:id"(c, tenantOf) {
      expectDecodable(c);
      const { key, session_secret: secret } = await readBody(c.req.raw, sessionRead);
      const tenant = tenantOf(key);
      const selection = selectionIn(c, tenant, "session");
      const reader = { env: c.env, tenant, caller: "page", records, secret } as const;
      return c.json(serve(reader, await readOwnSession(c, reader, c.req.param("id")), selection));
    },

    async "POST /v1/features/user/:id"(c, tenantOf) {
      expectDecodable(c);
      const { key, session_id, session_secret: secret, user_token } = await readBody(c.req.raw, userRead);
      const tenant = tenantOf(key);
      const id = c.req.param("id");
      if (!(await isUserToken(c.env, tenant.site, id, user_token)))
        throw new HttpError(
          "unauthorized",
          "user_token: expected the HMAC-SHA256 of the user's id with the secret that userTokenSecret names.",
        );
      const selection = selectionIn(c, tenant, "user");
      const reader = { env: c.env, tenant, caller: "page", records, secret } as const;
      await readOwnSession(c, reader, session_id);
      // The ids of the user's other browsers are for servers only.
      return c.json({ ...(await readVector(reader, "user", id, selection)), anonymous_ids: undefined });
    },

    "GET /v1/features/:entity/:id"(c, tenant) {
      expectDecodable(c);
      const { entity, id } = c.req.param();
      return respondToServer(c, tenant, entity, id);
    },
  };
};
