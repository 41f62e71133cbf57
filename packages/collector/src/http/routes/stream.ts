import { changesOf } from "../../serving/changes.ts";
import { readWholeVector } from "../../serving/read-vector.ts";
import type { Reader } from "../../serving/reader.ts";
import { expectDecodable } from "../decodable.ts";
import type { RouteGroup } from "../route.ts";
import { selectionIn } from "../selection-in-query.ts";

/** `GET /v1/features/{entity}/{id}/stream`: the vectors of an entity as server-sent events. */
export const streamRoutes: RouteGroup<"GET /v1/features/:entity/:id/stream"> = ({ records }) => ({
  async "GET /v1/features/:entity/:id/stream"(c, tenant) {
    expectDecodable(c);
    const { entity, id } = c.req.param();
    const selection = selectionIn(c, tenant, entity);
    const reader: Reader = { env: c.env, tenant, caller: "server", records };
    // An entity without a vector is an error response, and not a stream.
    const vector = await readWholeVector(reader, entity, id);
    const flush = () => {
      const flushing = records.flush(c.env);
      if (flushing) c.executionCtx.waitUntil(flushing);
    };
    const body = changesOf(reader, vector, selection, c.req.header("last-event-id"), flush);
    return c.body(body, 200, { "content-type": "text/event-stream" });
  },
});
