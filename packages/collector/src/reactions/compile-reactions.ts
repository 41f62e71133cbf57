import { createTimedCondition, type Engine, type TimedCondition } from "@tidemark/engine";
import type { Feature } from "@tidemark/schema";
import { featuresIn } from "@tidemark/schema/derivation-order";
import { featuresOf, modelOfFeature } from "@tidemark/schema/entities";
import type { Reaction } from "../define-reaction.ts";

/** A reaction with what its condition reads. */
export type CompiledReaction = Reaction & {
  /** The names of the features of the session, without predictions. */
  features: readonly string[];
  /** The names of the models. */
  models: readonly string[];
  /** The condition as time alone may fulfil it; absent for one that only an event or a prediction can fulfil. */
  timed?: TimedCondition;
};

const isPresent = (name: string | undefined): name is string => name !== undefined;

/**
 * Compiles the reactions of a site.
 *
 * @param engine Engine of the features of sessions.
 * @param features The features of the site.
 */
export const compileReactions = (
  reactions: readonly Reaction[],
  engine: Engine,
  features: readonly Feature[],
): CompiledReaction[] =>
  reactions.map((reaction) => {
    const timed = createTimedCondition(reaction.when, engine, featuresOf(features, "session"));
    const names = [...new Set(featuresIn(reaction.when))];
    return {
      ...reaction,
      features: names.filter((name) => modelOfFeature(name) === undefined),
      models: names.map(modelOfFeature).filter(isPresent),
      ...(timed && { timed }),
    };
  });
