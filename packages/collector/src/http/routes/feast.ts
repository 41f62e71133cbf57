import { z } from "zod";
import { readOnlineFeatures } from "../../serving/online-features.ts";
import { entityId } from "../entity-id.ts";
import { readBody } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** Feast ignores unknown fields, and newer clients may send more of them. */
const onlineRequest = z.object({
  entities: z.record(z.string(), z.array(entityId)),
  feature_service: z.string().nullish(),
  features: z.array(z.string()).nullish(),
  full_feature_names: z.boolean().default(false),
});

/** The read of features as from Feast's feature server. */
export const feastRoutes: RouteGroup<"POST /get-online-features"> = ({ records }) => ({
  async "POST /get-online-features"(c, tenant) {
    return c.json(
      await readOnlineFeatures(
        { env: c.env, tenant, caller: "server", records },
        await readBody(c.req.raw, onlineRequest),
      ),
    );
  },
});
