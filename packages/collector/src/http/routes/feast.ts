import { z } from "zod";
import { scheduleOf } from "../../env.ts";
import { readOnlineFeatures } from "../../serving/online-features.ts";
import { entityId } from "../entity-id.ts";
import { readBody } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";
import { tenantOfLog } from "./log.ts";

/** Feast ignores unknown fields, and newer clients may send more of them. */
const onlineRequest = z.object({
  entities: z.record(z.string(), z.array(entityId)),
  feature_service: z.string().nullish(),
  features: z.array(z.string()).nullish(),
  full_feature_names: z.boolean().default(false),
});

/** Longest time for which an export may count as fresh, in seconds: ten years. */
const LONGEST_S = 315_360_000;

const noteOfExport = z.strictObject({ max_age_s: z.int().min(1).max(LONGEST_S) });

/** The read of features as from Feast's feature server, and the note of an export. */
export const feastRoutes: RouteGroup<"POST /get-online-features" | "POST /v1/feast/exports"> = ({
  records,
  tenants,
}) => ({
  async "POST /v1/feast/exports"(c) {
    const { site } = tenantOfLog(c, tenants);
    const { max_age_s } = await readBody(c.req.raw, noteOfExport);
    await scheduleOf(c.env).noteExport(site.id, max_age_s);
    return c.json({ site: site.id, max_age_s });
  },

  async "POST /get-online-features"(c, tenant) {
    return c.json(
      await readOnlineFeatures(
        { env: c.env, tenant, caller: "server", records },
        await readBody(c.req.raw, onlineRequest),
      ),
    );
  },
});
