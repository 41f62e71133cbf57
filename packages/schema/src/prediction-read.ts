import { z } from "zod";
import { sessionSecret, text } from "./fields.ts";
import { DEFAULT_DEADLINE_MS, MAX_BULK_PREDICTIONS, MAX_DEADLINE_MS } from "./limits.ts";

/** The request body of `POST /v1/predict/{model}/{entity}/{id}`. A server, which sends its read key, has an empty one. */
export const predictionRead = z
  .strictObject({
    key: text(200, "Public key of the site: a page sends it.").optional(),
    session_secret: sessionSecret.optional(),
  })
  .describe("The request for one prediction.");

const entityRead = z
  .strictObject({
    entity: z.string().describe("Entity of the model's feature set."),
    id: z.string().describe("Id of the entity."),
  })
  .describe("The entity of one prediction.");

/** The request body of `POST /v1/predict/{model}`. */
export const bulkPrediction = z
  .strictObject({
    read: z.array(entityRead).min(1).max(MAX_BULK_PREDICTIONS).describe(`The entities, 1 to ${MAX_BULK_PREDICTIONS}.`),
    deadline_ms: z
      .int()
      .min(1)
      .max(MAX_DEADLINE_MS)
      .optional()
      .describe(
        `Time after which the response has no more predictions, in milliseconds, up to ${MAX_DEADLINE_MS}. Default: ${DEFAULT_DEADLINE_MS}.`,
      ),
  })
  .describe("The request for many predictions of one model.");
