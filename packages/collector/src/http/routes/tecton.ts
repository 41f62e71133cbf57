import { z } from "zod";
import { readServiceFeatures } from "../../serving/tecton-features.ts";
import { entityId } from "../entity-id.ts";
import { readBody } from "../read-body.ts";
import type { RouteGroup } from "../route.ts";

/** Tecton accepts the names of fields in camelCase and in snake_case. */
const inCamelCase = (given: unknown): unknown =>
  typeof given === "object" && given !== null && !Array.isArray(given)
    ? Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name.replace(/_([a-z])/g, (_, c) => c.toUpperCase()), value]),
      )
    : given;

const joinKeyMap = z.record(z.string(), entityId);

/** The parts of the metadata that a response has by default are those of Tecton's clients. */
const metadataOptions = z.preprocess(
  inCamelCase,
  z.object({
    includeNames: z.boolean().default(true),
    includeDataTypes: z.boolean().default(true),
    includeEffectiveTimes: z.boolean().default(false),
    includeServingStatus: z.boolean().default(false),
  }),
);

/** The fields of both requests. Tecton's other fields, such as `workspaceName`, have no effect here. */
const service = { featureServiceName: z.string(), metadataOptions: metadataOptions.prefault({}) };

const getFeatures = z.object({ params: z.preprocess(inCamelCase, z.object({ ...service, joinKeyMap })) });

/** Largest number of vectors of a batch, as in Tecton. */
const MAX_MICRO_BATCH = 10;

const requestData = z
  .array(z.preprocess(inCamelCase, z.object({ joinKeyMap })))
  .min(1)
  .max(MAX_MICRO_BATCH);

const getFeaturesBatch = z.object({ params: z.preprocess(inCamelCase, z.object({ ...service, requestData })) });

/** The reads of a feature set as from Tecton's feature server. */
export const tectonRoutes: RouteGroup<
  "POST /api/v1/feature-service/get-features" | "POST /api/v1/feature-service/get-features-batch"
> = ({ records }) => ({
  async "POST /api/v1/feature-service/get-features"(c, tenant) {
    const { params } = await readBody(c.req.raw, getFeatures);
    const { featureServiceName, metadataOptions, joinKeyMap } = params;
    const reader = { env: c.env, tenant, caller: "server", records } as const;
    const keys = [joinKeyMap];
    const { vectors, metadata } = await readServiceFeatures(reader, featureServiceName, keys, metadataOptions, false);
    return c.json({ result: vectors[0], metadata });
  },

  async "POST /api/v1/feature-service/get-features-batch"(c, tenant) {
    const { params } = await readBody(c.req.raw, getFeaturesBatch);
    const { featureServiceName, metadataOptions, requestData } = params;
    const keys = requestData.map(({ joinKeyMap }) => joinKeyMap);
    const reader = { env: c.env, tenant, caller: "server", records } as const;
    const { vectors, metadata } = await readServiceFeatures(reader, featureServiceName, keys, metadataOptions, true);
    return c.json({ result: vectors, metadata });
  },
});
