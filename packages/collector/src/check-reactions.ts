import type { Feature } from "@tidemark/schema";
import { featuresIn } from "@tidemark/schema/derivation-order";
import { entityNameOf, modelOfFeature } from "@tidemark/schema/entities";
import { valueKindsOf } from "@tidemark/schema/value-kind";
import { primaryOf } from "./check-models.ts";
import type { Model } from "./define-model.ts";
import { defineReaction, MAX_SITE_REACTIONS, type Reaction } from "./define-reaction.ts";

/** The parts of a site's configuration that reactions need. */
interface Inputs {
  features: readonly Feature[];
  models: readonly Model[];
  hasWebhook: boolean;
}

const fail = ({ name }: Reaction, field: string, expected: string, given: string): never => {
  throw new Error(`reaction ${name}: ${field}: expected ${expected}; given ${given}`);
};

const checkPrediction = (reaction: Reaction, name: string, models: readonly Model[]): void => {
  const model = primaryOf(models, name);
  if (model?.when === "on_change") return;
  const onChange = [...new Set(models.filter(({ when }) => when === "on_change").map((each) => each.name))];
  const list = onChange.map((each) => `prediction.${each}`).join(", ") || "none, since the site has no such model";
  const reason = model ? "its model does not run on change" : "there is no such model";
  fail(reaction, "when", `predictions of models with when: "on_change" (${list})`, `prediction.${name}, and ${reason}`);
};

const checkFeature = (reaction: Reaction, name: string, features: readonly Feature[]): void => {
  const feature = features.find((each) => each.name === name);
  if (feature && entityNameOf(feature) === "session") return;
  const reason = feature ? `which is a feature of ${entityNameOf(feature)}` : "which is not defined";
  fail(reaction, "when", "features of the session", `${name}, ${reason}`);
};

/**
 * Checks the reactions of a site.
 *
 * @throws Error that names the reaction, the field, the expected value and the given one.
 */
export const checkReactions = (reactions: readonly Reaction[], { features, models, hasWebhook }: Inputs): void => {
  if (!Array.isArray(reactions)) throw new Error("reactions: expected an array of reactions");
  if (reactions.length > MAX_SITE_REACTIONS)
    throw new Error(`reactions: expected at most ${MAX_SITE_REACTIONS}; given ${reactions.length}`);
  for (const [index, given] of reactions.entries()) {
    const reaction = defineReaction(given as Reaction);
    const isTwice = reactions.findIndex(({ name }) => name === reaction.name) < index;
    if (isTwice) fail(reaction, "name", "each name once", reaction.name);
    if (reaction.to.includes("webhook") && !hasWebhook)
      fail(reaction, "to", "no webhook, because the site has no setting webhook", "webhook");
    const { when } = reaction;
    for (const name of featuresIn(when)) {
      const model = modelOfFeature(name);
      if (model === undefined) checkFeature(reaction, name, features);
      else checkPrediction(reaction, model, models);
    }
    if (typeof when !== "object" || !("feature" in when)) continue;
    const kind = modelOfFeature(when.feature) === undefined ? valueKindsOf(features).get(when.feature) : "number";
    if (kind !== "boolean" && kind !== "free")
      fail(reaction, "when", "a condition, which can be true", `${when.feature}, which is a ${kind}`);
  }
};
