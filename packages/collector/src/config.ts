import {
  defineFeatureSet,
  defineGoal,
  type Feature,
  type FeatureSet,
  type Goal,
  parseFeatures,
  type VectorOf,
} from "@tidemark/schema";
import { entityNameOf, featuresInSet } from "@tidemark/schema/entities";
import { serviceOf } from "@tidemark/schema/feature-store-names";
import { PUBLIC_KEY, SITE_ID } from "@tidemark/schema/keys";
import { type RecordKind, recordKinds } from "@tidemark/schema/log";
import { type AlertReceiver, checkAlertReceivers } from "./alert-receiver.ts";
import { checkModels } from "./check-models.ts";
import { checkReactions } from "./check-reactions.ts";
import type { Model } from "./define-model.ts";
import type { Reaction } from "./define-reaction.ts";
import { defineSink, type SinkDefinition } from "./define-sink.ts";
import { isWebhookUrl } from "./settings/setting-checks.ts";

export { defineModel, embedded, http, kserveV1, kserveV2, type Model, type ModelRun } from "./define-model.ts";
export { defineReaction, type Reaction, type ReactionTarget } from "./define-reaction.ts";
export {
  defineSink,
  type SinkCondition,
  type SinkConsent,
  type SinkDefinition,
  type SinkTarget,
} from "./define-sink.ts";

/**
 * A region that data must not leave, under Cloudflare's name:
 * https://developers.cloudflare.com/durable-objects/reference/data-location/
 */
export type Jurisdiction = "eu" | "fedramp";

/** Numbers of days, from 1 on, by kind of record. `default` is that of every kind that is not named. */
export type LogDays = Readonly<{ default: number } & { [kind in RecordKind]?: number }>;

/** The log of a site: its events and vectors as Parquet files in object storage. */
export interface LogSettings {
  /** Number of days for which the files are kept, from 1 on: for all kinds of records, or by kind. */
  days: number | LogDays;
}

/** An Iceberg REST catalogue, such as R2 Data Catalog, in which the files of the log are registered. */
export interface IcebergSettings {
  /** Address of the catalogue, such as `https://catalog.cloudflarestorage.com/<account>/<bucket>`. */
  catalog: string;
  /** The catalogue's name of the warehouse, such as `<account>_<bucket>`. Default: none. */
  warehouse?: string;
  /** Name of the secret (environment variable) that contains the catalogue's bearer token. Default: no token. */
  tokenSecret?: string;
  /** Address of the log's bucket for readers of the tables: `s3://<bucket>`. The catalogue's warehouse is in it. */
  bucket: string;
}

/** The server of a site that receives signed messages, such as that a reaction has fired. */
export interface WebhookSettings {
  /** Its address. `https:`, except on this machine. */
  url: string;
  /**
   * Names of the secrets (environment variables) that sign the messages: 1 to 4, the newest first. Each contains `whsec_` and the
   * base64 of 24 to 64 random bytes. During a replacement the old one stays in the list, until the server knows the new one.
   */
  secrets: readonly string[];
}

/** The alerts of a deployment without Prometheus: the collector evaluates them over its own metrics. */
export interface AlertSettings {
  /** The receivers of the alerts. Those of `@tidemark/collector/alerts`. */
  to: readonly AlertReceiver[];
  /** Address of a page with a section for each alert, to which messages link. Default: `docs/runbooks.md`. */
  runbooks?: string;
}

/** The canary of a deployment: a scripted session a minute, by which the deployment watches itself. */
export interface CanarySettings {
  /** Id of the site that it visits. Its traffic is `test`. */
  site: string;
}

/** A receiver of OpenTelemetry, to which the collector pushes its metrics, and spans of batches, by OTLP/HTTP. */
export interface OtlpSettings {
  /** Its address for metrics, such as `https://otel.example.com/v1/metrics`. `https:`, except on this machine. */
  url: string;
  /**
   * Name of the secret (environment variable) with headers of the requests: `name=value`, separated by commas, such as
   * `authorization=Bearer%20…`. Default: none.
   */
  headersSecret?: string;
  /** Time between two pushes, in seconds: 10 to 3,600. Default: 60. */
  everySeconds?: number;
  /** The receiver's address for spans of traced batches, such as `https://otel.example.com/v1/traces`. Default: no spans are sent. */
  tracesUrl?: string;
}

/** The largest numbers of new sessions and of events that a site accepts on one day, in UTC. */
export interface DailyCaps {
  /** Default: unlimited. */
  sessions?: number;
  /** Default: unlimited. */
  events?: number;
}

/**
 * Days for which a user, page or custom entity is kept after its latest event, by the entity's name, each from 1 on. An
 * entity that is not named does not expire. An event after that time begins the entity anew.
 */
export type DaysToLive = Readonly<Record<string, number>>;

/** A website whose events the collector accepts. No site can read the data of another. */
export interface Site {
  /** Short name: 1 to 32 of a-z, 0-9 and `-`. Part of session ids and of object names: never change it. */
  id: string;
  /** Public key that the site's pages send: `tm_<id>_<8 or more letters or digits>`. Not a secret. */
  key: string;
  /**
   * Origins whose pages may use the key: `https://shop.example`, with `*` for any one host label or any port
   * (`https://*.shop.example`, `http://localhost:*`). A request without an `Origin` header is accepted: it does not
   * come from a page of another site.
   */
  origins: readonly string[];
  /** Name of the secret (environment variable) that contains the key for reading this site's features. */
  readKeySecret: string;
  /**
   * Name of the secret (environment variable) with which the site's server vouches for user ids, by a `user_token`.
   * Default: none, and no token is valid.
   */
  userTokenSecret?: string;
  /**
   * Whether a user id needs a valid `user_token`. Without one it is kept as a claim only: its events count for the browser,
   * and not for the user. Default: false.
   */
  requireUserToken?: boolean;
  /** Whether the collector rejects batches that do not state the visitor's consent to be measured. Default: false. */
  requireConsent?: boolean;
  /**
   * Effect of `Sec-GPC: 1` (Global Privacy Control) on a batch without stated consent: `reject` rejects the batch,
   * `ignore` disregards the header. Default: `reject`.
   */
  globalPrivacyControl?: "reject" | "ignore";
  /**
   * Whether the collector stores the visitor's anonymous id in an `HttpOnly` cookie of its host. It is for a collector
   * on the site's own domain: a visitor keeps the id when the browser deletes the storage of scripts after seven days.
   * The tracker needs its option `cookie`. The collector sets and reads the cookie only with stated consent. Default:
   * false.
   */
  cookie?: boolean;
  /**
   * Whether the collector rejects each batch of the site with status 503. Trackers keep their events for 7 days, and send
   * them when the pause ends. Default: false.
   */
  pause?: boolean;
  /**
   * Beyond a cap the collector rejects batches with status 429 until the day ends in UTC. At 80 % it writes a warning and
   * counts in `tidemark_daily_cap_reached_total`. Default: none.
   */
  dailyCaps?: DailyCaps;
  /** Features of this site's sessions, users, pages and custom entities. Default: the deployment's. */
  features?: readonly Feature[];
  /** The goals of this site, of which training sets make labels. Default: the deployment's. */
  goals?: readonly Goal[];
  /** The feature sets of this site. Default: the deployment's, unless the site has features of its own. */
  featureSets?: readonly FeatureSet[];
  /** The models of this site. Default: the deployment's, unless the site has features or feature sets of its own. */
  models?: readonly Model[];
  /** The reactions of this site. Default: the deployment's, unless the site has features, feature sets or models of its own. */
  reactions?: readonly Reaction[];
  /**
   * The region in which this site's objects run and store data. After a change the site starts with empty objects.
   * Local runtimes ignore it. Default: the deployment's.
   */
  jurisdiction?: Jurisdiction;
  /** The site's log; `false` for none. Default: the deployment's. */
  log?: LogSettings | false;
  /** The entities of this site that expire. Default: the deployment's. */
  daysToLive?: DaysToLive;
  /** The site's webhook; `false` for none. Default: the deployment's. */
  webhook?: WebhookSettings | false;
  /** The sinks of this site, which needs a log; `[]` for none. Default: the deployment's. */
  sinks?: readonly SinkDefinition[];
}

/**
 * The configuration of a deployment.
 *
 * @typeParam Features Its features. Default: any.
 */
export interface TidemarkConfig<Features extends readonly Feature[] = readonly Feature[]> {
  sites: readonly Site[];
  /** Name of the secret (environment variable) that contains the operator's key. */
  adminKeySecret: string;
  /**
   * Features of all sessions, users, pages and custom entities, in the order in which vectors list them.
   * `Site.features` replaces them for a site.
   */
  features: Features;
  /**
   * The goals of all sites, unless a site has its own. Training sets make labels of them. Their features are in `features`
   * with `...goalFeatures(goals)`. Default: none.
   */
  goals?: readonly Goal[];
  /** The feature sets of all sites, unless a site has its own. Default: none. */
  featureSets?: readonly FeatureSet[];
  /** The models of all sites, unless a site has its own models, features or feature sets. Default: none. */
  models?: readonly Model[];
  /**
   * The reactions of all sites, unless a site has its own reactions, features, feature sets or models. Default: none.
   */
  reactions?: readonly Reaction[];
  /** The region in which the objects of sites run and store data, unless a site names another. Default: anywhere. */
  jurisdiction?: Jurisdiction;
  /** The log of all sites, unless a site has its own setting. Default: none, and no event is kept. */
  log?: LogSettings;
  /** The catalogue in which the files of all logs are registered. Default: none. */
  iceberg?: IcebergSettings;
  /** The entities of all sites that expire, unless a site has its own setting. Default: none. */
  daysToLive?: DaysToLive;
  /** The webhook of all sites, unless a site has its own setting. Default: none. */
  webhook?: WebhookSettings;
  /** The sinks of all sites with a log, unless a site has its own. Default: none. */
  sinks?: readonly SinkDefinition[];
  /** The alerts that the collector evaluates itself. Default: none, because Prometheus evaluates them. */
  alerts?: AlertSettings;
  /** The canary, whose age is in `tidemark_canary_age_seconds`. Default: none. */
  canary?: CanarySettings;
  /** The receiver of OpenTelemetry to which the metrics are pushed. Default: none, and Prometheus reads `GET /metrics`. */
  otlp?: OtlpSettings;
}

const ENVIRONMENT_VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** Scheme, host or address, and optionally a port: digits, or `*` for any. */
const ORIGIN = /^https?:\/\/(\[[\da-f:.]+\]|[^/?#@:[\]\s]+)(:(\d{1,5}|\*))?$/i;

const JURISDICTIONS: readonly unknown[] = ["eu", "fedramp", undefined];

/**
 * The fields of a site and of a configuration. An unknown field is an error: a misspelt one would silently have no
 * effect.
 */
const SITE_FIELDS: Record<keyof Site, true> = {
  ...{ id: true, key: true, origins: true, readKeySecret: true, requireConsent: true, globalPrivacyControl: true },
  ...{ cookie: true, pause: true, dailyCaps: true, features: true, jurisdiction: true, log: true, daysToLive: true },
  ...{ goals: true, featureSets: true, models: true, userTokenSecret: true, requireUserToken: true },
  ...{ webhook: true, reactions: true, sinks: true },
};
const CONFIG_FIELDS: Record<keyof TidemarkConfig, true> = {
  ...{ sites: true, adminKeySecret: true, features: true, jurisdiction: true, log: true, daysToLive: true },
  ...{ iceberg: true, webhook: true, reactions: true, sinks: true },
  ...{ goals: true, featureSets: true, models: true, alerts: true, otlp: true, canary: true },
};

/** Throws an error that names the field, the expected value and the given one, unless a condition holds. */
type Expect = (condition: boolean, field: string, expected: string, given: unknown) => void;

const expectIn =
  (place: string): Expect =>
  (condition, field, expected, given) => {
    if (condition) return;
    const value = JSON.stringify(given) ?? "nothing";
    throw new Error(`tidemark.config.ts: ${place}${field}: expected ${expected}; given ${value}`);
  };

const matches = (pattern: RegExp, value: unknown): boolean => typeof value === "string" && pattern.test(value);

/** Checks the name of a secret. The error does not quote the given value, which may be the secret itself. */
const expectSecretName = (name: string, place: string): void => {
  if (matches(ENVIRONMENT_VARIABLE, name)) return;
  throw new Error(`tidemark.config.ts: ${place}: expected the name of an environment variable, such as READ_KEY`);
};

/** Checks that a value is an object with known fields only. The error quotes no value, which may be a secret. */
const expectFields = (value: unknown, place: string, fields: object): void => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`tidemark.config.ts: ${place}: expected an object with ${Object.keys(fields).join(", ")}`);
  const unknown = Object.keys(value).find((field) => !Object.hasOwn(fields, field));
  if (unknown === undefined) return;
  throw new Error(
    `tidemark.config.ts: ${place}: unknown field ${unknown}; expected one of ${Object.keys(fields).join(", ")}`,
  );
};

/** Runs a check of the schema. Its error gets the place. */
const checkAt = (place: string, check: () => void): void => {
  try {
    check();
  } catch (error) {
    throw new Error(`tidemark.config.ts: ${place}${(error as Error).message}`);
  }
};

const checkGoals = (goals: readonly Goal[] | undefined, place: string, expect: Expect): void => {
  if (goals === undefined) return;
  expect(Array.isArray(goals), "goals", "an array of goals", goals);
  for (const goal of goals) checkAt(place, () => defineGoal(goal));
  const twice = goals.find(({ name }, index) => goals.findIndex((other) => other.name === name) < index);
  expect(twice === undefined, "goals", "each name once", twice?.name);
};

/** The name and the version of a feature set. */
const titleOf = ({ name, version }: FeatureSet): string => `${name} version ${version}`;

const checkFeatureSets = (
  sets: readonly FeatureSet[] | undefined,
  features: readonly Feature[],
  place: string,
  expect: Expect,
): void => {
  if (sets === undefined) return;
  expect(Array.isArray(sets), "featureSets", "an array of feature sets", sets);
  for (const set of sets) checkAt(place, () => featuresInSet(defineFeatureSet(set), features));
  const titles = sets.map(titleOf);
  const twice = titles.find((title, index) => titles.indexOf(title) < index);
  expect(twice === undefined, "featureSets", "each version of a name once", twice);
  // Both would be one feature service in Feast and Tecton.
  const services = new Set(sets.map(serviceOf));
  const ambiguous = sets.find(({ name }) => services.has(name));
  expect(ambiguous === undefined, "featureSets", "no name that another set and its version form", ambiguous?.name);
};

/**
 * Checks models, and the predictions in feature sets.
 *
 * @param secrets The names of secrets for other uses. A model's token must not be one of them, because its server gets it.
 */
const checkModelsOf = (
  models: readonly Model[],
  inputs: { features: readonly Feature[]; featureSets: readonly FeatureSet[] },
  secrets: readonly string[],
  place: string,
  expect: Expect,
): void => {
  expect(Array.isArray(models), "models", "an array of models", models);
  checkAt(place, () => checkModels(models, inputs));
  for (const { name, runs } of models) {
    const token = runs.type === "embedded" ? undefined : runs.tokenSecret;
    const isFree = token === undefined || !secrets.includes(token);
    expect(isFree, `model ${name}: runs.tokenSecret`, "the name of a secret that has no other use", token);
  }
};

/** Maximum number of secrets of a webhook. */
const MAX_WEBHOOK_SECRETS = 4;

const LOG_FIELDS: Record<keyof LogSettings, true> = { days: true };
const LOG_DAYS_FIELDS = Object.fromEntries(["default", ...recordKinds].map((kind) => [kind, true]));

const checkLog = (log: LogSettings | undefined, place: string, expect: Expect): void => {
  if (log === undefined) return;
  expectFields(log, `${place}log`, LOG_FIELDS);
  const { days } = log;
  if (typeof days === "object") expectFields(days, `${place}log.days`, LOG_DAYS_FIELDS);
  const numbers = Object.entries(typeof days === "object" ? { ...days, default: days.default } : { "": days });
  for (const [kind, value] of numbers)
    expect(
      Number.isInteger(value) && (value as number) >= 1,
      kind === "" ? "log.days" : `log.days.${kind}`,
      "a number of days, from 1 on",
      value,
    );
};

const ICEBERG_FIELDS: Record<keyof IcebergSettings, true> = {
  ...{ catalog: true, warehouse: true, tokenSecret: true, bucket: true },
};

const checkIceberg = (iceberg: IcebergSettings | undefined, expect: Expect): void => {
  if (iceberg === undefined) return;
  expectFields(iceberg, "iceberg", ICEBERG_FIELDS);
  const { catalog, warehouse, tokenSecret, bucket } = iceberg;
  expect(matches(/^https?:\/\/\S+$/, catalog), "iceberg.catalog", "the address of a REST catalogue", catalog);
  expect(warehouse === undefined || matches(/./, warehouse), "iceberg.warehouse", "a name", warehouse);
  if (tokenSecret !== undefined) expectSecretName(tokenSecret, "iceberg.tokenSecret");
  expect(matches(/^[a-z][a-z0-9]*:\/\/\S+$/, bucket), "iceberg.bucket", "an address such as s3://shop-log", bucket);
};

const WEBHOOK_FIELDS: Record<keyof WebhookSettings, true> = { url: true, secrets: true };

/** Checks a webhook. The errors quote neither its address nor its secrets: the address of many receivers is a secret. */
const checkWebhook = (webhook: WebhookSettings | undefined, place: string): void => {
  if (webhook === undefined) return;
  expectFields(webhook, `${place}webhook`, WEBHOOK_FIELDS);
  const { url, secrets } = webhook;
  const fail = (field: string, expected: string) => {
    throw new Error(`tidemark.config.ts: ${place}webhook.${field}: expected ${expected}`);
  };
  if (!isWebhookUrl(url)) fail("url", "an address that begins with https://, without a user name or a password");
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > MAX_WEBHOOK_SECRETS)
    fail("secrets", `1 to ${MAX_WEBHOOK_SECRETS} names of secrets, in an array, the newest first`);
  for (const name of secrets) expectSecretName(name, `${place}webhook.secrets`);
  if (new Set(secrets).size < secrets.length) fail("secrets", "each name once");
};

/** Largest number of sinks of a site: each one is an object for each partition. */
const MAX_SITE_SINKS = 8;

const checkSinks = (
  sinks: readonly SinkDefinition[] | undefined,
  hasLog: boolean,
  place: string,
  expect: Expect,
): void => {
  if (sinks === undefined) return;
  const isList = Array.isArray(sinks) && sinks.length <= MAX_SITE_SINKS;
  expect(isList, "sinks", `an array of at most ${MAX_SITE_SINKS} sinks`, Array.isArray(sinks) ? sinks.length : sinks);
  for (const sink of sinks) checkAt(place, () => defineSink(sink));
  const names = sinks.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  expect(twice === undefined, "sinks", "each name once", twice);
  // A sink reads records that the partition no longer keeps from the files of the log.
  expect(sinks.length === 0 || hasLog, "log", "a log, such as { days: 30 }, because there are sinks", undefined);
};

const ALERT_FIELDS: Record<keyof AlertSettings, true> = { to: true, runbooks: true };

/**
 * Checks the alerts. Secrets of receivers are no keys of the collector, because the receivers get them. The errors quote no
 * address, which may be a secret.
 */
const checkAlerts = (
  alerts: AlertSettings | undefined,
  taken: readonly (string | undefined)[],
  expect: Expect,
): void => {
  if (alerts === undefined) return;
  expectFields(alerts, "alerts", ALERT_FIELDS);
  const { to, runbooks } = alerts;
  checkAlertReceivers(to, expect);
  const shared = to.flatMap(({ secrets }) => secrets).find((secret) => taken.includes(secret));
  expect(shared === undefined, "alerts.to", "secrets that are no keys of the collector", shared);
  const isAddress = runbooks === undefined || matches(/^https?:\/\/\S+$/, runbooks);
  expect(isAddress, "alerts.runbooks", "the address of a page, such as https://wiki.example/runbooks", runbooks);
};

const CANARY_FIELDS: Record<keyof CanarySettings, true> = { site: true };

/** Number of the canary's sessions on a day. */
const CANARY_SESSIONS = 1_440;

const checkCanary = (canary: CanarySettings | undefined, sites: readonly Site[], expect: Expect): void => {
  if (canary === undefined) return;
  expectFields(canary, "canary", CANARY_FIELDS);
  const site = sites.find(({ id }) => id === canary.site);
  const ids = sites.map(({ id }) => id).join(", ");
  expect(site !== undefined, "canary.site", `the id of a site: ${ids}`, canary.site);
  const { sessions = Number.POSITIVE_INFINITY } = site?.dailyCaps ?? {};
  const expected = `a site with dailyCaps.sessions over ${CANARY_SESSIONS}, which the canary begins on a day`;
  expect(sessions > CANARY_SESSIONS, "canary.site", expected, sessions);
};

const OTLP_FIELDS: Record<keyof OtlpSettings, true> = {
  ...{ url: true, headersSecret: true, everySeconds: true, tracesUrl: true },
};

/** Checks the receiver of metrics. The errors quote neither its address nor a secret. */
const checkOtlp = (otlp: OtlpSettings | undefined, taken: readonly (string | undefined)[], expect: Expect): void => {
  if (otlp === undefined) return;
  expectFields(otlp, "otlp", OTLP_FIELDS);
  const { url, headersSecret, everySeconds = 60, tracesUrl } = otlp;
  const address = "an address that begins with https://, without a user name or a password";
  expect(isWebhookUrl(url), "otlp.url", address, "another value");
  expect(tracesUrl === undefined || isWebhookUrl(tracesUrl), "otlp.tracesUrl", address, "another value");
  if (headersSecret !== undefined) expectSecretName(headersSecret, "otlp.headersSecret");
  const isOwn = headersSecret === undefined || !taken.includes(headersSecret);
  expect(isOwn, "otlp.headersSecret", "a secret that is no key of the collector", headersSecret);
  const isTime = Number.isInteger(everySeconds) && everySeconds >= 10 && everySeconds <= 3_600;
  expect(isTime, "otlp.everySeconds", "a whole number of seconds, from 10 to 3600", everySeconds);
};

const CAP_FIELDS: Record<keyof DailyCaps, true> = { sessions: true, events: true };

const checkDailyCaps = (caps: DailyCaps | undefined, place: string, expect: Expect): void => {
  if (caps === undefined) return;
  expectFields(caps, `${place}dailyCaps`, CAP_FIELDS);
  for (const [name, cap] of Object.entries(caps))
    expect(
      cap === undefined || (Number.isSafeInteger(cap) && cap >= 1),
      `dailyCaps.${name}`,
      "a whole number, from 1 on",
      cap,
    );
};

/** Checks that each entity that expires has features. A session's state expires by itself. */
const checkDaysToLive = (
  daysToLive: DaysToLive | undefined,
  features: readonly Feature[],
  place: string,
  expect: Expect,
): void => {
  if (daysToLive === undefined) return;
  const entities = new Set(["user", ...features.map(entityNameOf)]);
  entities.delete("session");
  expectFields(daysToLive, `${place}daysToLive`, Object.fromEntries([...entities].map((name) => [name, true])));
  for (const [entity, days] of Object.entries(daysToLive))
    expect(Number.isInteger(days) && days >= 1, `daysToLive.${entity}`, "a number of days, from 1 on", days);
};

/** The names of a site's secrets. */
export const secretNamesOf = ({ readKeySecret, userTokenSecret }: Site): string[] =>
  userTokenSecret === undefined ? [readKeySecret] : [readKeySecret, userTokenSecret];

/** Checks the names of a site's secrets. Two sites with one secret could act for each other. */
const checkSecrets = (site: Site, others: readonly Site[], place: string, expect: Expect): void => {
  const { readKeySecret, userTokenSecret, requireUserToken } = site;
  const taken = new Set(others.flatMap(secretNamesOf));
  expectSecretName(readKeySecret, `${place}readKeySecret`);
  expect(!taken.has(readKeySecret), "readKeySecret", "the name of a secret that no other site has", readKeySecret);
  if (userTokenSecret !== undefined) {
    expectSecretName(userTokenSecret, `${place}userTokenSecret`);
    taken.add(readKeySecret);
    const expected = "the name of a secret that has no other use";
    expect(!taken.has(userTokenSecret), "userTokenSecret", expected, userTokenSecret);
  }
  const hasSecret = !requireUserToken || userTokenSecret !== undefined;
  expect(hasSecret, "userTokenSecret", "the name of a secret, because requireUserToken is true", userTokenSecret);
};

const checkSite = (site: Site, others: readonly Site[], features: readonly Feature[]): void => {
  expectFields(site, `sites[${others.length}]`, SITE_FIELDS);
  const { id, key, origins, requireConsent, globalPrivacyControl = "reject", cookie, pause, requireUserToken } = site;
  const place = `site ${JSON.stringify(id)}: `;
  const expect = expectIn(place);
  expect(matches(SITE_ID, id), "id", "1 to 32 of a-z, 0-9 and -", id);
  expect(!others.some((other) => other.id === id), "id", "an id that no other site has", id);
  expect(
    matches(PUBLIC_KEY, key) && PUBLIC_KEY.exec(key)?.[1] === id,
    "key",
    `tm_${id}_ and 8 or more letters or digits`,
    key,
  );
  expect(Array.isArray(origins) && origins.length > 0, "origins", "at least one origin, in an array", origins);
  for (const origin of origins)
    expect(matches(ORIGIN, origin), "origins", "scheme://host[:port] without a path", origin);
  checkSecrets(site, others, place, expect);
  expect(
    ["reject", "ignore"].includes(globalPrivacyControl),
    "globalPrivacyControl",
    "reject or ignore",
    globalPrivacyControl,
  );
  for (const [field, value] of Object.entries({ requireConsent, cookie, pause, requireUserToken }))
    expect([true, false, undefined].includes(value), field, "true or false", value);
  expect(JURISDICTIONS.includes(site.jurisdiction), "jurisdiction", "eu or fedramp", site.jurisdiction);
  checkDailyCaps(site.dailyCaps, place, expect);
  if (site.log !== false) checkLog(site.log, place, expect);
  if (site.features !== undefined) checkAt(place, () => parseFeatures(site.features));
  checkGoals(site.goals, place, expect);
  checkFeatureSets(site.featureSets, site.features ?? features, place, expect);
  checkDaysToLive(site.daysToLive, site.features ?? features, place, expect);
  if (site.webhook !== false) checkWebhook(site.webhook, place);
};

const sinksIn = ({ sinks, sites }: TidemarkConfig): SinkDefinition[] =>
  [sinks, ...sites.map((site) => site.sinks)].flatMap((each) => each ?? []);

/**
 * Checks that the secrets of webhooks have no other use, because receivers know them, and that no two receivers have one
 * secret.
 */
const checkWebhookSecrets = (config: TidemarkConfig): void => {
  const { sites, adminKeySecret, iceberg } = config;
  const users = new Map<string, string>();
  for (const secret of [adminKeySecret, iceberg?.tokenSecret, ...sites.flatMap(secretNamesOf)])
    if (secret !== undefined) users.set(secret, "");
  for (const { url, secrets } of webhooksIn(config))
    for (const secret of secrets) {
      const isFree = (users.get(secret) ?? url) === url;
      expectIn("")(isFree, "webhook.secrets", "names of secrets that have no other use", secret);
      users.set(secret, url);
    }
};

const webhooksIn = ({ webhook, sites }: TidemarkConfig): WebhookSettings[] =>
  [webhook, ...sites.map((site) => site.webhook)].filter((each) => each !== undefined && each !== false);

/** The names of the secrets of all webhooks, also of those that are sinks or receivers of alerts. */
export const webhookSecretNamesOf = (config: TidemarkConfig): string[] => [
  ...new Set([
    ...webhooksIn(config).flatMap(({ secrets }) => secrets),
    ...[...sinksIn(config).map(({ to }) => to), ...(config.alerts?.to ?? [])].flatMap(({ type, secrets }) =>
      type === "webhook" ? secrets : [],
    ),
  ]),
];

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
