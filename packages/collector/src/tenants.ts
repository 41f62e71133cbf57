import type { Feature, FeatureSet, ServedSet } from "@tidemark/schema";
import { type ValueKind, valueKindsOf } from "@tidemark/schema/value-kind";
import { modelOrder, setOfModel } from "./check-models.ts";
import { compileFeatures, type Definitions } from "./compile-features.ts";
import { type CompiledGoal, compileGoals } from "./compile-goals.ts";
import {
  type DaysToLive,
  featureSetsOf,
  goalsOf,
  type IcebergSettings,
  type Jurisdiction,
  type LogSettings,
  type Model,
  modelsOf,
  reactionsOf,
  type SinkDefinition,
  type Site,
  sinksOf,
  type TidemarkConfig,
  type WebhookSettings,
  webhookOf,
} from "./config.ts";
import { servedSet } from "./definition-version.ts";
import { type CompiledReaction, compileReactions } from "./reactions/compile-reactions.ts";

/** A feature set with its identity. */
export interface CompiledSet extends FeatureSet {
  served: ServedSet;
}

/** A version of a model with its input. */
export interface CompiledModel extends Model {
  input: CompiledSet;
  /** The kinds of the values of its input, by feature. */
  kinds: ReadonlyMap<string, ValueKind>;
}

/** A site with its compiled features and its region, both of which may differ between the sites of a deployment. */
export interface Tenant {
  site: Site;
  /** The features of the site's configuration, or else the deployment's. */
  definitions: Definitions;
  /** The features that `definitions` compiles. */
  features: readonly Feature[];
  goals: readonly CompiledGoal[];
  featureSets: readonly CompiledSet[];
  /** The versions of all models, each after those of the models whose predictions it reads. */
  models: readonly CompiledModel[];
  reactions: readonly CompiledReaction[];
  /** The region of the site's objects; `undefined` for anywhere. */
  jurisdiction: Jurisdiction | undefined;
  /** The site's log; `undefined` for none. */
  log: LogSettings | undefined;
  /** The catalogue of the deployment's logs; absent for none. */
  iceberg?: IcebergSettings;
  /** The entities that expire. */
  daysToLive: DaysToLive;
  /** The site's webhook; absent for none. */
  webhook?: WebhookSettings;
  /** The sinks of the site's stream. */
  sinks: readonly SinkDefinition[];
  /** Whether the deployment's canary visits the site. */
  isCanary: boolean;
}

/** The tenants of a deployment, by the ids of their sites. */
export type Tenants = ReadonlyMap<string, Tenant>;

const compileModels = (
  models: readonly Model[],
  sets: readonly CompiledSet[],
  features: readonly Feature[],
): CompiledModel[] => {
  if (models.length === 0) return [];
  const order = modelOrder(models, sets);
  const predictions = models.map(({ name }): [string, ValueKind] => [`prediction.${name}`, "number"]);
  const kinds = new Map([...valueKindsOf(features), ...predictions]);
  return models
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name) || a.version - b.version)
    .flatMap((model) => {
      const input = setOfModel(model, sets);
      return input ? [{ ...model, input, kinds }] : [];
    });
};

/**
 * Compiles the sites of a configuration. A site without features or a jurisdiction gets the deployment's. Sites that
 * share an array of features share the compiled definitions.
 */
export const createTenants = (config: TidemarkConfig): Tenants => {
  const { sites, features, jurisdiction, log, daysToLive = {}, iceberg } = config;
  const compiled = new Map<readonly Feature[], Definitions>();
  const definitionsOf = (list: readonly Feature[]): Definitions => {
    const definitions = compiled.get(list) ?? compileFeatures(list);
    compiled.set(list, definitions);
    return definitions;
  };
  return new Map(
    sites.map((site) => {
      const featureSets = featureSetsOf(config, site).map((set) => ({
        ...set,
        served: servedSet(set, site.features ?? features),
      }));
      const webhook = webhookOf(config, site);
      const definitions = definitionsOf(site.features ?? features);
      const tenant: Tenant = {
        site,
        definitions,
        features: site.features ?? features,
        goals: compileGoals(goalsOf(config, site)),
        featureSets,
        models: compileModels(modelsOf(config, site), featureSets, site.features ?? features),
        reactions: compileReactions(reactionsOf(config, site), definitions.session, site.features ?? features),
        jurisdiction: site.jurisdiction ?? jurisdiction,
        log: (site.log ?? log) || undefined,
        ...(iceberg && { iceberg }),
        daysToLive: site.daysToLive ?? daysToLive,
        ...(webhook && { webhook }),
        sinks: sinksOf(config, site),
        isCanary: config.canary?.site === site.id,
      };
      return [site.id, tenant];
    }),
  );
};

/** An error about a site that the configuration does not contain, or no longer contains. */
export class UnknownSiteError extends Error {
  override name = "UnknownSiteError";

  constructor(site: string) {
    super(`tidemark.config.ts: sites: there is no site ${JSON.stringify(site)}`);
  }
}

/** Returns the tenant of a site. @throws UnknownSiteError when the configuration does not contain the site. */
export const tenantOf = (tenants: Tenants, site: string): Tenant => {
  const tenant = tenants.get(site);
  if (!tenant) throw new UnknownSiteError(site);
  return tenant;
};
