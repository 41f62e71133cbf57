import { z } from "zod";

/**
 * An entity's id in the requests of other feature stores, which may be a number. A number from 2^53 on is rejected: its last
 * digits are lost when JSON is parsed, and it would name another entity.
 */
export const entityId = z.union([
  z.string(),
  z.number().refine((id) => Math.abs(id) <= Number.MAX_SAFE_INTEGER, "expected a text for a number from 2^53 on"),
]);
