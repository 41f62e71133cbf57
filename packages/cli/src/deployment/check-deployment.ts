import { basename } from "node:path";
import { reactionsOf, type Site, type TidemarkConfig } from "@tidemark/collector/config";
import { refusedModels } from "@tidemark/collector/refused-models";
import type { Feature } from "@tidemark/schema";
import { entitiesIn, entityNameOf, featuresOf } from "@tidemark/schema/entities";
import { CommandError } from "../command-line/command-error.ts";
import { columns } from "../command-line/help.ts";
import { missingRateLimits, wranglerConfigProblems } from "./check-wrangler-config.ts";
import type { Deployment } from "./deployment.ts";

/** Describes the number of features by entity: `97 features: 60 session, 20 user, 17 page`. */
const countFeatures = (features: readonly Feature[]): string => {
  const entities = entitiesIn(features).map((entity) => entityNameOf({ entity }));
  const parts = entities.map((entity) => `${featuresOf(features, entity).length} ${entity}`);
  return `${features.length} ${features.length === 1 ? "feature" : "features"}${parts.length ? `: ${parts.join(", ")}` : ""}`;
};

/** Describes the reactions of a site: `; 1 reaction: hesitation`. */
const listReactions = (config: TidemarkConfig, site: Site): string => {
  const names = reactionsOf(config, site).map(({ name }) => name);
  return names.length ? `; ${names.length} ${names.length === 1 ? "reaction" : "reactions"}: ${names.join(", ")}` : "";
};

/**
 * Checks the wrangler configuration of a deployment, and returns a summary of the deployment. The summary names missing
 * rate limits, which a deployment may do without, and models that do not run, for which their fallbacks answer.
 *
 * @throws CommandError that lists the problems.
 */
export const checkDeployment = async (deployment: Deployment): Promise<string> => {
  const problems = await wranglerConfigProblems(deployment);
  if (problems.length) throw new CommandError(problems.join("\n"));
  const { config, wranglerConfig } = deployment;
  const notices = [...(await missingRateLimits(deployment)), ...refusedModels(config)];
  return [
    `tidemark.config.ts and ${basename(wranglerConfig)} are valid.\n`,
    columns(
      config.sites.map((site) => [
        `site ${site.id}`,
        `${countFeatures(site.features ?? config.features)}${listReactions(config, site)}`,
      ]),
    ),
    ...(notices.length ? [`\n${notices.join("\n")}`] : []),
  ].join("\n");
};
