import { z } from "zod";
import { DEFAULT_DEADLINE_MS, MAX_BULK_READS, MAX_DEADLINE_MS } from "./limits.ts";

const entityRead = z
  .strictObject({
    entity: z.string().describe("`session`, `user`, `page`, or the name of a custom entity."),
    id: z.string().describe("Id of the entity."),
    set: z.string().optional().describe("Feature set: its name for the highest version, or `<name>:<version>`."),
    features: z.array(z.string()).min(1).optional().describe("Names of features, instead of a set."),
  })
  .describe("The read of one vector.");

/** The request body of `POST /v1/features`. */
export const bulkRead = z
  .strictObject({
    read: z.array(entityRead).min(1).max(MAX_BULK_READS).describe(`The vectors to read, 1 to ${MAX_BULK_READS}.`),
    deadline_ms: z
      .int()
      .min(1)
      .max(MAX_DEADLINE_MS)
      .optional()
      .describe(
        `Time after which the response has no more vectors, in milliseconds, up to ${MAX_DEADLINE_MS}. Default: ${DEFAULT_DEADLINE_MS}.`,
      ),
  })
  .describe("The read of many vectors, of several kinds of entities.");
