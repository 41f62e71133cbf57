import { eventColumns } from "@tidemark/schema/log";
import { AWS_ENV, AWS_SETTINGS } from "../../packages/collector/test/sinks/aws/signature.ts";
import { FakeBigQuery } from "../../packages/collector/test/sinks/bigquery/fake-bigquery.ts";
import { startFakeCluster } from "../../packages/collector/test/sinks/kafka/fake-cluster.ts";
import { fakeProxy } from "../../packages/collector/test/sinks/kafka-rest/fake-proxy.ts";
import { fakeKinesis } from "../../packages/collector/test/sinks/kinesis/fake-kinesis.ts";
import { fakeStorage } from "../../packages/collector/test/sinks/s3/fake-storage.ts";
import { serve } from "../../packages/collector/test/sinks/serve-fake.ts";
import { newKeyPair } from "../../packages/collector/test/sinks/signed-claims.ts";
import { FakeSnowpipe } from "../../packages/collector/test/sinks/snowpipe/fake-snowpipe.ts";
import { startReceiver } from "../../packages/collector/test/webhooks/receiver.ts";
import { serveFakePostgres } from "./postgres/serve-postgres.ts";

/** The target of a sink, which serves on this machine. */
interface ServedTarget {
  /** Name of the sink. */
  name: string;
  /** Name of the function that creates the target, and its settings. */
  to: string;
  settings: object;
  secrets: Readonly<Record<string, string>>;
  /** The ids of the stored records, wherever the target has them. */
  ids(): string[];
  /** Stops the server. @throws Error if it got a wrong request. */
  stop(): Promise<void>;
}

type Start = () => Promise<ServedTarget>;

const idIn = (json: string): string => (JSON.parse(json) as { id: string }).id;

/** The id in the columns of a row. */
const idOfRow = ({ session_id, tab_id, seq }: Record<string, unknown>): string => `${session_id}/${tab_id}/${seq}`;

/** Starts a target whose fake is a function in place of `fetch`. */
const serveFetch = async (fake: { fetch(request: Request): Promise<Response> }) => {
  const served = { url: "", handle: (request: Request) => fake.fetch(request) };
  const stop = await serve(served);
  return { url: served.url, stop };
};

const expectNone = (violations: readonly string[]): void => {
  if (violations.length > 0) throw new Error(`the target received wrong requests: ${violations.join("; ")}`);
};

const kafka: Start = async () => {
  const cluster = await startFakeCluster();
  return {
    ...{ name: "kafka", to: "kafka", settings: { brokers: cluster.brokers, topic: "events" }, secrets: {} },
    ids: () => cluster.records().flatMap(({ headers: { ce_id = "" }, value }) => (value.id === ce_id ? [ce_id] : [])),
    stop: cluster.stop,
  };
};

const proxy =
  (api: "confluent_v2" | "confluent_v3" | "redpanda"): Start =>
  async () => {
    const fake = fakeProxy(api);
    const { url, stop } = await serveFetch(fake);
    const cluster = api === "confluent_v3" ? { cluster: "cluster-1" } : {};
    return {
      ...{ name: `kafka_rest_${api}`, to: "kafkaRest", settings: { api, url, topic: "events", ...cluster } },
      ...{ secrets: {}, ids: () => fake.records.map(({ value }) => idIn(value)), stop },
    };
  };

const kinesis: Start = async () => {
  const fake = fakeKinesis();
  const { url, stop } = await serveFetch(fake);
  const settings = { stream: "events", region: "eu-central-1", endpoint: url, ...AWS_SETTINGS };
  const ids = () => fake.records.map(({ text }) => idIn(text));
  return { name: "kinesis", to: "kinesis", settings, secrets: AWS_ENV, ids, stop };
};

const s3: Start = async () => {
  const fake = fakeStorage();
  const { url, stop } = await serveFetch(fake);
  const settings = { endpoint: url, bucket: "shop-events", region: "eu-central-1", everySeconds: 0, ...AWS_SETTINGS };
  const ids = () => [...fake.objects.values()].flatMap((text) => text.trimEnd().split("\n").map(idIn));
  return { name: "s3", to: "s3", settings, secrets: AWS_ENV, ids, stop };
};

const webhook: Start = async () => {
  const receiver = await startReceiver();
  return {
    ...{ name: "webhook", to: "webhookSink", settings: { url: receiver.url, secrets: ["HOOK_SECRET"] } },
    secrets: { HOOK_SECRET: `whsec_${Buffer.alloc(32, "w").toString("base64")}` },
    ids: () => receiver.received.flatMap(({ body }) => (JSON.parse(body) as { id: string }[]).map(({ id }) => id)),
    stop: receiver.stop,
  };
};

/** ClickHouse with the table of events. Each field of a row has a column. */
const clickhouse: Start = async () => {
  const rows = new Map<string, Record<string, unknown>[]>();
  const wrong: string[] = [];
  const names = new Set(eventColumns.map(({ name }) => name));
  const { url, stop } = await serveFetch({
    async fetch(request) {
      const { searchParams } = new URL(request.url);
      const { query, insert_deduplication_token: token = "" } = Object.fromEntries(searchParams);
      const given = (await request.text()).split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
      if (query !== "INSERT INTO `tidemark_shop`.`event_files` FORMAT JSONEachRow") wrong.push(`${query}`);
      if (request.headers.get("x-clickhouse-key") !== "secret") wrong.push("another password");
      wrong.push(...given.flatMap((row) => Object.keys(row).filter((name) => !names.has(name))));
      if (!rows.has(token)) rows.set(token, given);
      return new Response();
    },
  });
  return {
    ...{ name: "clickhouse", to: "clickhouse", settings: { url, passwordSecret: "CLICKHOUSE_PASSWORD" } },
    ...{ secrets: { CLICKHOUSE_PASSWORD: "secret" }, ids: () => [...rows.values()].flat().map(idOfRow) },
    async stop() {
      await stop();
      expectNone(wrong);
    },
  };
};

const postgres: Start = async () => {
  const { address, ids, stop } = await serveFakePostgres();
  const secrets = { POSTGRES_URL: address };
  return { name: "postgres", to: "postgres", settings: { urlSecret: "POSTGRES_URL" }, secrets, ids, stop };
};

const snowpipe: Start = async () => {
  const key = await newKeyPair();
  const fake = new FakeSnowpipe(key, eventColumns);
  const stop = await serve(fake);
  return {
    ...{ name: "snowpipe", to: "snowpipe" },
    settings: {
      ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "SNOWFLAKE_KEY", url: fake.url },
      ...{ database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" },
    },
    secrets: { SNOWFLAKE_KEY: key.pem },
    ids: () => fake.table.map(({ SESSION_ID, TAB_ID, SEQ }) => `${SESSION_ID}/${TAB_ID}/${SEQ}`),
    async stop() {
      await stop();
      expectNone(fake.violations);
    },
  };
};

const bigquery: Start = async () => {
  const fake = new FakeBigQuery(await newKeyPair(), eventColumns);
  const stop = await serve(fake);
  const insertIds = new Set<string>();
  fake.rowFault = (id) => void insertIds.add(id);
  return {
    ...{ name: "bigquery", to: "bigquery" },
    settings: {
      ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files", url: fake.url },
      credentialsSecret: "BIGQUERY_CREDENTIALS",
    },
    secrets: { BIGQUERY_CREDENTIALS: fake.credentials },
    ids: () => fake.table.map(idOfRow).filter((id) => insertIds.has(id)),
    async stop() {
      await stop();
      expectNone(fake.violations);
    },
  };
};

const STARTS: readonly Start[] = [
  ...[kafka, proxy("confluent_v2"), proxy("confluent_v3"), proxy("redpanda"), kinesis, s3, webhook],
  ...[clickhouse, postgres, snowpipe, bigquery],
];

/** Starts a target of each kind: a strict fake that serves its protocol. */
export const startEveryTarget = (): Promise<ServedTarget[]> => Promise.all(STARTS.map((start) => start()));
