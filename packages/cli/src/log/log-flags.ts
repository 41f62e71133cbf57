import { type DaysToLive, featureSetsOf, goalsOf, setNamed } from "@tidemark/collector/config";
import type { Feature, FeatureSet, Goal } from "@tidemark/schema";
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

/** A site with the parts that training sets and the export for Feast read. */
export interface TrainingSite extends LogSite {
  featureSets: readonly FeatureSet[];
  goals: readonly Goal[];
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
      ...{ id: site.id, features, featureSets: featureSetsOf(config, site), goals: goalsOf(config, site) },
      daysToLive: site.daysToLive ?? config.daysToLive ?? {},
    };
  }
  throw new CommandError(`--site: tidemark.config.ts has no site ${given}; expected ${ids}.`);
};

/** The names of a site's feature sets, for messages. */
export const setsOf = ({ featureSets }: TrainingSite): string =>
  featureSets.map(({ name, version }) => `${name}:${version}`).join(", ") ||
  "a feature set in tidemark.config.ts, which has none (featureSets)";

/** Finds the feature set that `--set` names. @throws CommandError that lists the sets. */
export const findSet = (site: TrainingSite, given: string): FeatureSet => {
  const set = setNamed(site.featureSets, given);
  if (set) return set;
  throw new CommandError(`--set: tidemark.config.ts has no set ${given}; expected ${setsOf(site)}.`);
};
