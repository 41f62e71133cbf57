import type { RecordKind } from "@tidemark/schema/log";
import type { AlertReceiver } from "../alert-receiver.ts";

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
  /** Address of a page with a section for each alert, to which messages link. Default: none, and messages have no link. */
  runbooks?: string;
}

/** The canary of a deployment: a scripted session a minute, by which the deployment watches itself. */
export interface CanarySettings {
  /** Id of the site that it visits. Its traffic is `test`. */
  site: string;
}

/** A receiver of OpenTelemetry, to which the collector pushes its metrics by OTLP/HTTP. */
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
