import { featuresIn } from "@tidemark/schema/derivation-order";
import { modelOfFeature } from "@tidemark/schema/entities";
import type { Reaction } from "../define-reaction.ts";

/** A reaction with what its condition reads. */
export type CompiledReaction = Reaction & {
  /** The names of the features of the session, without predictions. */
  features: readonly string[];
  /** The names of the models. */
  models: readonly string[];
};

const isPresent = (name: string | undefined): name is string => name !== undefined;

/** Compiles the reactions of a site. */
export const compileReactions = (reactions: readonly Reaction[]): CompiledReaction[] =>
  reactions.map((reaction) => {
    const names = [...new Set(featuresIn(reaction.when))];
    return {
      ...reaction,
      features: names.filter((name) => modelOfFeature(name) === undefined),
      models: names.map(modelOfFeature).filter(isPresent),
    };
  });
