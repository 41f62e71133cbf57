import { hashOf } from "@tidemark/engine";
import type { ReactionPayload } from "@tidemark/schema/log";
import type { Reaction } from "../define-reaction.ts";

/** Number of values of `hashOf`. */
const HASHES = 2 ** 53;

/**
 * The arm of a session in a reaction, by a hash of both. It is always the same one, and does not depend on the arms of other
 * reactions. A larger holdout contains a smaller one.
 */
export const armOf = (
  { name, holdout }: Pick<Reaction, "name" | "holdout">,
  session: string,
): ReactionPayload["arm"] => (hashOf(`reaction/${name}/${session}`) / HASHES < holdout ? "holdout" : "treatment");
