import type { SinkDefinition } from "../../../src/define-sink.ts";
import { clickhouse, kafkaRest, kinesis, postgres, s3, webhookSink } from "../../../src/sinks/index.ts";
import { type ConnectPostgres, createPostgresSink } from "../../../src/sinks/postgres.ts";
import { AWS_SETTINGS } from "../aws/signature.ts";

/** Addresses of targets, which tests put in place of `fetch`. */
export const STORM_URLS = {
  webhook: "https://webhook.example",
  kinesis: "https://kinesis.example",
  clickhouse: "https://clickhouse.example",
  s3: "https://s3.example",
  proxy: "https://proxy.example",
};

/** The connections to Postgres, which tests replace. */
export const stormPostgres = {
  connect: async (..._: Parameters<ConnectPostgres>): ReturnType<ConnectPostgres> => {
    throw new Error("no server of Postgres");
  },
};

const kinds = ["event"] as const;
const aws = { region: "eu-central-1", ...AWS_SETTINGS };
const POSTGRES = { urlSecret: "POSTGRES_URL" };

/** Sinks with targets that tests answer. */
export const stormSinks: readonly SinkDefinition[] = [
  { name: "webhook", kinds, to: webhookSink({ url: STORM_URLS.webhook, secrets: ["HOOK_SECRET_NEW"] }) },
  { name: "kinesis", kinds, to: kinesis({ stream: "events", endpoint: STORM_URLS.kinesis, ...aws }) },
  { name: "s3", kinds, to: s3({ endpoint: STORM_URLS.s3, bucket: "shop-events", ...aws }) },
  {
    ...{ name: "clickhouse", kinds },
    to: clickhouse({
      ...{ url: STORM_URLS.clickhouse, database: "tidemark_shop", user: "writer" },
      passwordSecret: "CLICKHOUSE_PASSWORD",
    }),
  },
  {
    ...{ name: "proxy", kinds },
    to: kafkaRest({
      ...{ api: "confluent_v3", url: STORM_URLS.proxy, cluster: "cluster-1", topic: "events" },
      ...{ username: "tidemark", passwordSecret: "PROXY_PASSWORD" },
    }),
  },
  {
    ...{ name: "postgres", kinds },
    to: {
      ...postgres(POSTGRES),
      create: async () => createPostgresSink(POSTGRES, (...given) => stormPostgres.connect(...given)),
    },
  },
];
