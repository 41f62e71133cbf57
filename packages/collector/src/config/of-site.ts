import type { FeatureSet, Goal } from "@tidemark/schema";
import type { Model } from "../define-model.ts";
import type { Reaction } from "../define-reaction.ts";
import type { SinkDefinition } from "../define-sink.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Site, TidemarkConfig } from "./tidemark-config.ts";

/** The feature sets of a site. */
export const featureSetsOf = ({ featureSets }: TidemarkConfig, site: Site): readonly FeatureSet[] =>
  site.featureSets ?? (site.features === undefined ? featureSets : undefined) ?? [];

/** The models of a site. */
export const modelsOf = ({ models }: Pick<TidemarkConfig, "models">, site: Site): readonly Model[] =>
  site.models ?? (site.features === undefined && site.featureSets === undefined ? models : undefined) ?? [];

/** The reactions of a site. */
export const reactionsOf = ({ reactions }: Pick<TidemarkConfig, "reactions">, site: Site): readonly Reaction[] => {
  const hasOwnInputs = [site.features, site.featureSets, site.models].some((inputs) => inputs !== undefined);
  return site.reactions ?? (hasOwnInputs ? undefined : reactions) ?? [];
};

/** The webhook of a site; `undefined` for none. */
export const webhookOf = ({ webhook }: Pick<TidemarkConfig, "webhook">, site: Site): WebhookSettings | undefined =>
  (site.webhook ?? webhook) || undefined;

/** The sinks of a site. */
export const sinksOf = (
  { sinks, log }: Pick<TidemarkConfig, "sinks" | "log">,
  site: Site,
): readonly SinkDefinition[] => ((site.log ?? log) ? (site.sinks ?? sinks ?? []) : []);

/** The goals of a site. */
export const goalsOf = ({ goals }: TidemarkConfig, site: Site): readonly Goal[] => site.goals ?? goals ?? [];

/** The set of a name in its highest version, such as `purchase_intent`, or in a certain one: `purchase_intent:2`. */
export const setNamed = <S extends FeatureSet>(sets: readonly S[], text: string): S | undefined => {
  return sets
    .filter(({ name, version }) => text === name || text === `${name}:${version}`)
    .toSorted((a, b) => b.version - a.version)[0];
};
