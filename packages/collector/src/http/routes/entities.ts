import { LAST_SEEN_MS } from "../../entities/last-seen.ts";
import { HttpError } from "../../errors.ts";
import { listActive } from "../../serving/active-entities.ts";
import { expectDecodable } from "../decodable.ts";
import { readQuery } from "../query.ts";
import type { RouteGroup } from "../route.ts";
import { timeIn } from "../time-in-query.ts";

const DAY_MS = 86_400_000;

/** The list of the entities that were active since a time. */
export const entityRoutes: RouteGroup<"GET /v1/entities/:entity"> = () => ({
  async "GET /v1/entities/:entity"(c, tenant) {
    expectDecodable(c);
    const { active_since, cursor } = readQuery(c, ["active_since", "cursor"]);
    if (active_since === undefined) throw new HttpError("invalid_query", "active_since: expected a time; given none.");
    const since = timeIn("active_since", active_since);
    if (since < Date.now() - LAST_SEEN_MS)
      throw new HttpError("invalid_query", `active_since: expected a time of the last ${LAST_SEEN_MS / DAY_MS} days.`);
    return c.json(await listActive(c.env, tenant, c.req.param("entity"), since, cursor));
  },
});
