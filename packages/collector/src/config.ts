import { type Feature, parseFeatures, type VectorOf } from "@tidemark/schema";
import { checkReactions } from "./check-reactions.ts";
import { checkFeatureSets, checkGoals, checkModelsOf } from "./config/check-definitions.ts";
import { checkIceberg, checkLog } from "./config/check-log.ts";
import { checkAlerts, checkCanary, checkOtlp } from "./config/check-monitoring.ts";
import { checkSinks } from "./config/check-sinks.ts";
import { checkDaysToLive, checkSite, JURISDICTIONS } from "./config/check-site.ts";
import { checkWebhook, checkWebhookSecrets, sinksIn, webhookSecretNamesOf } from "./config/check-webhooks.ts";
import { checkAt, expectFields, expectIn, expectSecretName } from "./config/expect.ts";
import { featureSetsOf, modelsOf, reactionsOf, webhookOf } from "./config/of-site.ts";
import { secretNamesOf } from "./config/secret-names.ts";
import type { TidemarkConfig } from "./config/tidemark-config.ts";

export { webhookSecretNamesOf } from "./config/check-webhooks.ts";
export { featureSetsOf, goalsOf, modelsOf, reactionsOf, setNamed, sinksOf, webhookOf } from "./config/of-site.ts";
export { secretNamesOf } from "./config/secret-names.ts";
export type {
  AlertSettings,
  CanarySettings,
  DailyCaps,
  DaysToLive,
  IcebergSettings,
  Jurisdiction,
  LogDays,
  LogSettings,
  OtlpSettings,
  WebhookSettings,
} from "./config/settings.ts";
export type { Site, TidemarkConfig } from "./config/tidemark-config.ts";
export { defineModel, embedded, http, kserveV1, kserveV2, type Model, type ModelRun } from "./define-model.ts";
export { defineReaction, type Reaction, type ReactionTarget } from "./define-reaction.ts";
export {
  defineSink,
  type SinkCondition,
  type SinkConsent,
  type SinkDefinition,
  type SinkTarget,
} from "./define-sink.ts";

/** The fields of a configuration. An unknown field is an error. */
const CONFIG_FIELDS: Record<keyof TidemarkConfig, true> = {
  ...{ sites: true, adminKeySecret: true, features: true, jurisdiction: true, log: true, daysToLive: true },
  ...{ iceberg: true, webhook: true, reactions: true, sinks: true },
  ...{ goals: true, featureSets: true, models: true, alerts: true, otlp: true, canary: true },
};

/**
 * Type of the vectors of sessions, from the type of a configuration: `SessionVectorOf<typeof config>`. It is the type of
 * features in the page.
 */
export type SessionVectorOf<C extends Pick<TidemarkConfig, "features">> = VectorOf<
  Extract<C["features"][number], { entity: "session" }>[]
>;

/**
 * Checks a configuration, when the Worker starts.
 *
 * @returns The given configuration, with the type of its features: {@link SessionVectorOf}.
 * @throws Error that names the site or the feature, the field, the expected value and, except for secrets, the given
 * one.
 */
export const defineConfig = <const Features extends readonly Feature[]>(
  config: TidemarkConfig<Features>,
): TidemarkConfig<Features> => {
  expectFields(config, "defineConfig", CONFIG_FIELDS);
  const { sites, adminKeySecret, features, goals, featureSets, jurisdiction, log, daysToLive } = config;
  const expect = expectIn("");
  expectSecretName(adminKeySecret, "adminKeySecret");
  expect(JURISDICTIONS.includes(jurisdiction), "jurisdiction", "eu or fedramp", jurisdiction);
  checkLog(log, "", expect);
  checkIceberg(config.iceberg, expect);
  checkWebhook(config.webhook, "");
  expect(Array.isArray(sites) && sites.length > 0, "sites", "at least one site, in an array", sites);
  sites.forEach((site, index) => {
    checkSite(site, sites.slice(0, index), features);
  });
  // The reader of one site must not read the metrics of the deployment.
  const isOfSite = sites.flatMap(secretNamesOf).includes(adminKeySecret);
  expect(!isOfSite, "adminKeySecret", "the name of a secret that no site has", adminKeySecret);
  checkAt("", () => parseFeatures(features));
  checkGoals(goals, "", expect);
  checkFeatureSets(featureSets, features, "", expect);
  checkDaysToLive(daysToLive, [features, ...sites.map((site) => site.features ?? [])].flat(), "", expect);
  checkWebhookSecrets(config);
  const secrets = [adminKeySecret, ...sites.flatMap(secretNamesOf), ...webhookSecretNamesOf(config)];
  if (config.models !== undefined)
    checkModelsOf(config.models, { features, featureSets: featureSets ?? [] }, secrets, "", expect);
  if (config.reactions !== undefined) {
    const hasWebhook = config.webhook !== undefined || sites.some((site) => webhookOf(config, site));
    const inputs = { features, models: config.models ?? [], hasWebhook };
    checkAt("", () => checkReactions(config.reactions ?? [], inputs));
  }
  checkSinks(config.sinks, log !== undefined || sites.some((site) => site.log), "", expect);
  for (const site of sites) {
    const sitePlace = `site ${JSON.stringify(site.id)}: `;
    checkSinks(site.sinks, Boolean(site.log ?? log), sitePlace, expectIn(sitePlace));
  }
  const taken = [adminKeySecret, ...sites.flatMap(secretNamesOf), config.iceberg?.tokenSecret];
  const shared = sinksIn(config)
    .flatMap(({ to }) => to.secrets)
    .find((secret) => taken.includes(secret));
  expect(shared === undefined, "sinks", "secrets that are no keys of the collector", shared);
  checkAlerts(config.alerts, taken, expect);
  checkOtlp(config.otlp, taken, expect);
  checkCanary(config.canary, sites, expect);
  for (const site of sites) {
    const inputs = { features: site.features ?? features, featureSets: featureSetsOf(config, site) };
    const place = `site ${JSON.stringify(site.id)}: `;
    const models = modelsOf(config, site);
    checkModelsOf(models, inputs, secrets, place, expectIn(place));
    const hasWebhook = webhookOf(config, site) !== undefined;
    checkAt(place, () => checkReactions(reactionsOf(config, site), { features: inputs.features, models, hasWebhook }));
  }
  return config;
};
