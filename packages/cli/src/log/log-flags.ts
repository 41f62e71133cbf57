import { type DaysToLive, featureSetsOf, goalsOf, type Model, modelsOf, setNamed } from "@tidemark/collector/config";
import type { Feature, FeatureSet, Goal } from "@tidemark/schema";
import { modelsInSet } from "@tidemark/schema/entities";
import { CommandError, UsageError } from "../command-line/command-error.ts";
import type { Deployment } from "../deployment/deployment.ts";

/** Flags of each command that reads a log. */
export const logFlags = {
  url: {
    value: "<url>",
    description:
      "Address of the collector, whose admin key is in TIDEMARK_ADMIN_KEY. Default: TIDEMARK_URL, else the collector that runs in this folder, which needs no key.",
  },
  site: { value: "<id>", description: "Site whose log is read. Default: the only one." },
} as const;

/** Flag of commands that read events only, which need no collector. */
export const folderFlags = {
  log: {
    value: "<folder>",
    description:
      "Reads the files in a folder instead: a copy of the bucket's folder log, or visits of tidemark generate-visits.",
  },
} as const;

/** Flags of a period. */
export const rangeFlags = {
  from: { value: "<time>", description: "First event time, such as 2026-11-29 or 2026-11-29T09:30Z, in UTC." },
  to: { value: "<time>", description: "First event time after the period." },
} as const;

/** A site whose log is read. */
export interface LogSite {
  id: string;
  /** Its definitions today. */
  features: readonly Feature[];
}

/** Flags of each command that reads with a site's read key. */
export const readFlags = {
  url: {
    value: "<url>",
    description:
      "Address of the collector, whose read key is in TIDEMARK_READ_KEY. Default: TIDEMARK_URL, else the collector that runs in this folder, which needs no key.",
  },
  site: { value: "<id>", description: "Site whose key is used. Default: the only one." },
} as const;

/** A site with the parts that training sets, the export for Feast and evaluations read. */
export interface TrainingSite extends LogSite {
  readKeySecret: string;
  featureSets: readonly FeatureSet[];
  goals: readonly Goal[];
  models: readonly Model[];
  daysToLive: DaysToLive;
}

/** Finds the site whose log a command reads. @throws UsageError, CommandError that lists the sites. */
export const siteFor = ({ config }: Deployment, given: string | undefined): TrainingSite => {
  const { sites } = config;
  const ids = sites.map(({ id }) => id).join(", ");
  if (given === undefined && sites.length > 1) throw new UsageError(`--site is needed: tidemark.config.ts has ${ids}.`);
  const site = given === undefined ? sites[0] : sites.find(({ id }) => id === given);
  if (site) {
    const features = site.features ?? config.features;
    return {
      ...{ id: site.id, readKeySecret: site.readKeySecret, features },
      ...{ featureSets: featureSetsOf(config, site), goals: goalsOf(config, site), models: modelsOf(config, site) },
      daysToLive: site.daysToLive ?? config.daysToLive ?? {},
    };
  }
  throw new CommandError(`--site: tidemark.config.ts has no site ${given}; expected ${ids}.`);
};

/** Finds a goal of a site. @throws CommandError that lists the goals. */
export const goalFor = ({ goals }: TrainingSite, given: string): Goal => {
  const goal = goals.find(({ name }) => name === given);
  if (goal) return goal;
  const names = goals.map(({ name }) => name).join(", ") || "a goal in tidemark.config.ts, which has none (goals)";
  throw new CommandError(`--goal: tidemark.config.ts has no goal ${given}; expected ${names}.`);
};

/** The names of a site's feature sets, for messages. */
export const setsOf = ({ featureSets }: TrainingSite): string =>
  featureSets.map(({ name, version }) => `${name}:${version}`).join(", ") ||
  "a feature set in tidemark.config.ts, which has none (featureSets)";

/**
 * Finds the feature set that `--set` names, whose values are computed from events.
 *
 * @throws CommandError that lists the sets, or that names the model whose predictions are in the set.
 */
export const findSet = (site: TrainingSite, given: string): FeatureSet => {
  const set = setNamed(site.featureSets, given);
  if (!set) throw new CommandError(`--set: tidemark.config.ts has no set ${given}; expected ${setsOf(site)}.`);
  const [model] = modelsInSet(set);
  if (model === undefined) return set;
  throw new CommandError(`--set: ${given} has predictions of ${model}, which cannot be computed from events.`);
};
