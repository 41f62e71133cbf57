import { availableParallelism } from "node:os";
import { defaultFeatures } from "@tidemark/schema";
import { logOf } from "../../packages/cli/test/log/log-records.ts";
import { AWS_ENV, AWS_SETTINGS } from "../../packages/collector/test/sinks/aws/signature.ts";
import { newKeyPair } from "../../packages/collector/test/sinks/signed-claims.ts";
import { startWorkerd, type Workerd } from "../../tests/workerd/workerd.ts";
import { type Bench, type Measurement, report } from "../report.ts";
import { spreadOf } from "../spread.ts";
import { type BrokerRounds, measureWithBrokers } from "./brokers.ts";
import { type CountingServer, startCountingServer } from "./counted.ts";
import { callWorker, type Effort, measureEffort } from "./sending.ts";

/** Records of a cut: the most that every sink sends at once. */
const RECORDS = 500;

/** Cuts in a round of a sink, of the reference, and with brokers. */
const CUTS = { sink: 60, reference: 240, brokers: 30 };

/** Measured rounds. Before these, one round is not measured. */
const ROUNDS = 5;

/** Largest processor time of a record with brokers, in that of kafkajs. */
const KAFKAJS_SHARE = 0.8;

/** Name of the reference in the table. */
const REFERENCE = "a Worker that only posts";

/** A sink to measure. */
interface SinkCase {
  title: string;
  to: string;
  settings: object;
  /** Largest processor time of a record, in that of the reference. */
  share: number;
}

/** Events of some sessions, as the log has them. */
const events = () =>
  logOf({ features: defaultFeatures, sessions: 25, events: RECORDS / 25, partitions: 1 })
    .filter(({ kind }) => kind === "event")
    .slice(0, RECORDS);

const casesOf = ({ origin, kafka }: CountingServer): SinkCase[] => {
  const brokers = [`127.0.0.1:${kafka}`];
  const rest = { url: `${origin}/rest`, topic: "events" };
  const aws = { region: "eu-central-1", ...AWS_SETTINGS };
  const snowflake = { account: "myorg-account1", user: "tidemark", privateKeySecret: "PRIVATE_KEY", url: origin };
  const place = { database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING" };
  const google = { project: "shop", dataset: "tidemark", table: "event_files", credentialsSecret: "CREDENTIALS" };
  return [
    { title: "kafka, gzip", to: "kafka", settings: { brokers, topic: "events" }, share: 12 },
    {
      title: "kafka, uncompressed",
      to: "kafka",
      settings: { brokers, topic: "events", compression: "none" },
      share: 8,
    },
    { title: "kafkaRest, confluent_v2", to: "kafkaRest", settings: { api: "confluent_v2", ...rest }, share: 6 },
    {
      ...{ title: "kafkaRest, confluent_v3", to: "kafkaRest", share: 15 },
      settings: { api: "confluent_v3", cluster: "lkc-1", ...rest },
    },
    {
      title: "kinesis",
      to: "kinesis",
      settings: { stream: "events", endpoint: `${origin}/kinesis/`, ...aws },
      share: 6,
    },
    { title: "webhookSink", to: "webhookSink", settings: { url: `${origin}/hook`, secrets: ["HOOK"] }, share: 3 },
    { title: "clickhouse", to: "clickhouse", settings: { url: origin, passwordSecret: "PASSWORD" }, share: 8 },
    { title: "postgres", to: "postgres", settings: { urlSecret: "POSTGRES_URL" }, share: 8 },
    { title: "s3, gzip", to: "s3", settings: { endpoint: `${origin}/s3`, bucket: "events", ...aws }, share: 7 },
    { title: "snowpipe", to: "snowpipe", settings: { ...snowflake, ...place }, share: 15 },
    { title: "bigquery", to: "bigquery", settings: { ...google, url: origin }, share: 10 },
  ];
};

const secretsOf = async ({ origin, postgres }: CountingServer): Promise<Record<string, string>> => {
  const { pem } = await newKeyPair();
  const credentials = { client_email: "tidemark@shop.example", private_key: pem, token_uri: `${origin}/token` };
  return {
    ...AWS_ENV,
    ...{ HOOK: `whsec_${Buffer.alloc(32, "w").toString("base64")}`, PASSWORD: "secret", PRIVATE_KEY: pem },
    POSTGRES_URL: `postgres://writer:secret@127.0.0.1:${postgres}/shop`,
    CREDENTIALS: JSON.stringify(credentials),
  };
};

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** The medians of rounds. */
const medianOf = (efforts: readonly Effort[]): Effort => ({
  rate: spreadOf(efforts.map(({ rate }) => rate)).median,
  cpuUs: spreadOf(efforts.map(({ cpuUs }) => cpuUs)).median,
});

const print = (title: string, rows: Record<string, Effort & { bytes?: number }>): void => {
  console.log(title);
  const printed = Object.entries(rows).map(([name, { rate, cpuUs, bytes }]) => {
    const figures = { "records/s": Math.round(rate), "µs of processor a record": rounded(cpuUs) };
    return [name, { ...figures, ...(bytes !== undefined && { "bytes a record": Math.round(bytes) }) }];
  });
  console.table(Object.fromEntries(printed));
};

/** The effort of each sink and of the reference, in rounds: a load of the machine affects all of them. */
const measureCases = async (
  server: CountingServer,
  cases: readonly SinkCase[],
  worker: Workerd,
  reference: Workerd,
) => {
  const results = new Map<string, { efforts: Effort[]; bytes: number }>();
  const run = async (title: string, process: Workerd, cuts: number, body: object) => {
    const records = RECORDS * cuts;
    const effort = await measureEffort(records, process.cpuMs, () => callWorker(process, "/send", { ...body, cuts }));
    const { efforts } = results.get(title) ?? { efforts: [] };
    results.set(title, { efforts: [...efforts, effort], bytes: (await server.takeBytes()) / records });
  };
  for (let round = 0; round <= ROUNDS; round += 1) {
    await run(REFERENCE, reference, CUTS.reference, { url: `${server.origin}/hook` });
    for (const { title, to, settings } of cases) await run(title, worker, CUTS.sink, { to, settings });
  }
  const rows = [...results].map(
    ([title, { efforts, bytes }]) => [title, { ...medianOf(efforts.slice(1)), bytes }] as const,
  );
  return Object.fromEntries(rows);
};

/** The medians of both, by the names of the table. */
const withBrokers = ({ compression, sink, kafkajs }: BrokerRounds): Record<string, Effort> => {
  const name = compression === "none" ? "uncompressed" : compression;
  return { [`kafka in a Worker, ${name}`]: medianOf(sink), [`kafkajs in Node, ${name}`]: medianOf(kafkajs) };
};

/** A measurement of processor time. @param share Budget, in the processor time of the reference. */
const measurementOf = (title: string, cpuUs: number, reference: number, share: number): Measurement => ({
  ...{ case: title, value: rounded(cpuUs), unit: "µs of processor a record" },
  ...{ reference: rounded(reference), budget: rounded(share * reference) },
});

/**
 * Measures each sink on bare workerd: records per second, and processor time of a record, against a local server that answers
 * everything with success and counts bytes only. The reference is a Worker that posts the same records as JSON. The sink of
 * Kafka also sends to three brokers, next to kafkajs in Node.
 */
export const sinks: Bench = async () => {
  const server = await startCountingServer();
  const started: Workerd[] = [];
  const start = async (file: string, secrets: Record<string, string> = {}) => {
    const worker = await startWorkerd(
      new URL(`workers/${file}`, import.meta.url),
      secrets,
      {},
      { objects: [], authorities: [] },
    );
    started.push(worker);
    await callWorker(worker, "/records", events());
    return worker;
  };
  try {
    const worker = await start("sending.ts", await secretsOf(server));
    const cases = casesOf(server);
    const rows = await measureCases(server, cases, worker, await start("posting.ts"));
    const cpuUsOf = (title: string) => rows[title]?.cpuUs ?? Number.NaN;
    print(
      `\nRequests of ${RECORDS} records; medians of ${ROUNDS} rounds of ${RECORDS * CUTS.sink} records. The Worker is a ` +
        `process with one thread, and shares the machine (${availableParallelism()} cores) with the server.`,
      rows,
    );
    const measurements = cases.map(({ title, share }) =>
      measurementOf(title, cpuUsOf(title), cpuUsOf(REFERENCE), share),
    );

    const brokers = await measureWithBrokers(worker, { records: RECORDS, cuts: CUTS.brokers, rounds: ROUNDS });
    if (brokers) {
      const title = "\nThree brokers of Kafka 4.4.0, acknowledgement by all replicas:";
      print(title, Object.assign({}, ...brokers.map(withBrokers)));
      for (const { compression, sink, kafkajs } of brokers) {
        const title = `kafka with three brokers, compression ${compression}; reference: kafkajs in Node`;
        measurements.push(measurementOf(title, medianOf(sink).cpuUs, medianOf(kafkajs).cpuUs, KAFKAJS_SHARE));
      }
    }
    return report("sinks", measurements);
  } finally {
    for (const worker of started) await worker.remove();
    await server.stop();
  }
};
