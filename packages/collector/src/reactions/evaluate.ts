import { evaluate } from "@tidemark/engine";
import type { FeatureValue } from "@tidemark/schema";
import type { ReactionCause } from "@tidemark/schema/log";
import type { CompiledReaction } from "./compile-reactions.ts";

/** The state of a session that conditions read. */
export interface ReactionInput {
  /** The vector, with the predictions as `prediction.<model>`. */
  features: Readonly<Record<string, FeatureValue>>;
  /** The latest predictions with the versions of their models. */
  predictions: ReactionCause["predictions"];
  definition_version: string;
  /** Corrected time of the latest event in the vector, in UTC milliseconds. */
  event_time: number;
}

/** Whether the condition of a reaction is true. It is not if a value that it needs is missing. */
export const isFulfilled = ({ when }: Pick<CompiledReaction, "when">, { features }: ReactionInput): boolean =>
  evaluate(when, (name) => features[name] ?? null) === true;

/** The cause of a firing: the rule, and the features and predictions that it reads. */
export const causeOf = (
  { features: names, models, holdout, to, when: rule }: CompiledReaction,
  { features, predictions, definition_version, event_time }: ReactionInput,
  expires_at: number,
): ReactionCause => ({
  ...{ holdout, to, rule },
  features: Object.fromEntries(names.map((name) => [name, features[name] ?? null])),
  predictions: Object.fromEntries(
    models.flatMap((name) => {
      const prediction = predictions[name];
      return prediction ? [[name, prediction]] : [];
    }),
  ),
  ...{ definition_version, event_time, expires_at },
});
