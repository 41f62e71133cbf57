import { hasGpc } from "../../access/consent.ts";
import { createRateLimits } from "../../access/rate-limits.ts";
import { sessionOf } from "../../env.ts";
import { HttpError } from "../../errors.ts";
import type { Selection } from "../../selected.ts";
import { expectSessionId } from "../../serving/session-vector.ts";
import { FOLLOW_HEADER, type FollowRequest, MAX_FOLLOW_REQUEST } from "../../session/followers.ts";
import type { RouteGroup } from "../route.ts";
import { selectionIn } from "../selection-in-query.ts";

const { countRequest } = createRateLimits();

/** Whether the page follows its reactions, which are no part of a vector. @throws HttpError `invalid_query` */
const reactionsIn = (value: string | undefined, selection: Selection | undefined): true | undefined => {
  if (value === undefined) return undefined;
  if (value !== "1") throw new HttpError("invalid_query", "reactions: expected 1, or no such parameter.");
  if (selection) throw new HttpError("invalid_query", "reactions: expected neither `set` nor `features` with it.");
  return true;
};

/**
 * `GET /v1/follow/{id}`: connects a page with the object of its session by a WebSocket. The URL names the session. The
 * proof is in the first message, because proxies and logs keep URLs.
 */
export const followRoutes: RouteGroup<"GET /v1/follow/:id"> = () => ({
  async "GET /v1/follow/:id"(c, tenantOf) {
    const tenant = tenantOf(c.req.query("key") ?? "");
    const id = c.req.param("id");
    expectSessionId({ tenant, secret: "" }, id);
    const selection = selectionIn(c, tenant, "session", ["key", "reactions"]);
    const reactions = reactionsIn(c.req.query("reactions"), selection);
    // After the query, because a browser shows the response to an upgrade to nobody: its URL in a tab has the reason.
    if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
      throw new HttpError("upgrade_required", "Send `Upgrade: websocket`, as `new WebSocket(url)` does.");
    await countRequest(c.env, tenant, c.req.header("cf-connecting-ip"));
    const request = JSON.stringify({
      site: tenant.site.id,
      id,
      gpc: hasGpc(c),
      selection,
      reactions,
    } satisfies FollowRequest);
    if (request.length > MAX_FOLLOW_REQUEST)
      throw new HttpError("invalid_query", "features: expected fewer features to follow; name fewer, or none for all.");
    const headers = { upgrade: "websocket", [FOLLOW_HEADER]: request };
    return sessionOf(c.env, tenant, id).fetch("https://session/follow", { headers });
  },
});
