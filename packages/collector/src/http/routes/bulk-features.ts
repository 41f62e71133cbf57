import { type BulkResponse, bulkRead, type MissingVector } from "@tidemark/schema";
import { DEFAULT_DEADLINE_MS } from "@tidemark/schema/limits";
import { isVector, readVectors } from "../../serving/read-vectors.ts";
import { selectionOf } from "../../serving/selection.ts";
import { readQuery } from "../query.ts";
import { readBody } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** The read of many vectors by a server. */
export const bulkFeatureRoutes: RouteGroup<"POST /v1/features"> = ({ records }) => ({
  async "POST /v1/features"(c, tenant) {
    readQuery(c, []);
    const { read, deadline_ms = DEFAULT_DEADLINE_MS } = await readBody(c.req.raw, bulkRead);
    const reads = read.map(({ entity, id, ...named }) => ({
      ...{ entity, id },
      selection: selectionOf(tenant, entity, named, "invalid_body"),
    }));
    const results = await readVectors({ env: c.env, tenant, caller: "server", records }, reads, deadline_ms);
    const missing = read.flatMap(({ entity, id, set }, index): MissingVector[] => {
      const result = results[index];
      if (isVector(result)) return [];
      const { code, message } = result ?? {
        code: "deadline_exceeded" as const,
        message: `The vector was not read within ${deadline_ms} ms. Send a later deadline_ms.`,
      };
      return [{ ...{ entity, id }, ...(set !== undefined && { set }), code, message }];
    });
    return c.json({ vectors: results.filter(isVector), missing } satisfies BulkResponse);
  },
});
