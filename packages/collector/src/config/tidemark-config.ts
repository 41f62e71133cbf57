import type { Feature, FeatureSet, Goal } from "@tidemark/schema";
import type { Model } from "../define-model.ts";
import type { Reaction } from "../define-reaction.ts";
import type { SinkDefinition } from "../define-sink.ts";
import type {
  AlertSettings,
  CanarySettings,
  DailyCaps,
  DaysToLive,
  IcebergSettings,
  Jurisdiction,
  LogSettings,
  OtlpSettings,
  WebhookSettings,
} from "./settings.ts";

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
