import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { bigquery, clickhouse, kafkaRest, kinesis, s3, snowpipe, webhookSink } from "../../src/sinks/index.ts";
import type { Sink } from "../../src/sinks/sink.ts";
import { contextOf } from "./attempts.ts";
import { AWS_ENV, AWS_SETTINGS } from "./aws/signature.ts";
import { cutOf, eventRecord } from "./kafka/records.ts";
import { newKeyPair } from "./signed-claims.ts";

const url = "https://target.example";

/** The targets that respond by HTTP. */
const targets = {
  webhook: webhookSink({ url, secrets: ["HOOK"] }),
  s3: s3({ endpoint: url, bucket: "events", region: "auto", ...AWS_SETTINGS }),
  kinesis: kinesis({ endpoint: url, stream: "events", region: "eu-central-1", ...AWS_SETTINGS }),
  "version 2 of a proxy of Kafka": kafkaRest({ url, topic: "events", api: "confluent_v2" }),
  "version 3 of a proxy of Kafka": kafkaRest({ url, topic: "events", api: "confluent_v3", cluster: "one" }),
  "the proxy of Redpanda": kafkaRest({ url, topic: "events", api: "redpanda" }),
  clickhouse: clickhouse({ url, passwordSecret: "PASSWORD" }),
  bigquery: bigquery({ url, project: "shop-analytics", dataset: "shop", table: "events", credentialsSecret: "KEY" }),
  snowpipe: snowpipe({
    ...{ url, account: "org-account1", user: "tidemark", privateKeySecret: "PEM" },
    ...{ database: "shop", schema: "shop", pipe: "events" },
  }),
};

let env: object;

beforeAll(async () => {
  const { pem } = await newKeyPair();
  const account = {
    client_email: "a@shop-analytics.iam.gserviceaccount.com",
    private_key: pem,
    token_uri: `${url}/token`,
  };
  const HOOK = `whsec_${Buffer.alloc(32, "w").toString("base64")}`;
  env = {
    ...AWS_ENV,
    HOOK,
    PASSWORD: "secret",
    PEM: pem,
    KEY: JSON.stringify({ type: "service_account", ...account }),
  };
});
afterEach(() => {
  vi.restoreAllMocks();
});

const attempt = async (name: keyof typeof targets, respond: (body: string) => Response) => {
  const sink = (await targets[name].create({ sink: "sink", features: [] })) as Sink;
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => respond(`${init?.body}`));
  const cut = cutOf(
    [1, 2, 3, 4].map((seq) => eventRecord("session1", seq)),
    "shop/0/1-4",
  );
  const state = await sink.plan?.(cut, undefined, contextOf(env));
  const { outcomes } = await sink.attempt(cut, state, contextOf(env));
  expect(fetched).toHaveBeenCalled();
  return outcomes;
};

const wrong = [301, 401, 402, 403, 404, 405, 407, 409, 410, 421, 429, 451, 500, 503];

it.each(
  (Object.keys(targets) as (keyof typeof targets)[]).flatMap((name) => wrong.map((status) => [name, status] as const)),
)("%s sends every record again after status %i, which the configuration can cause", async (name, status) => {
  const outcomes = await attempt(name, () => new Response("no", { status }));
  expect(outcomes).toHaveLength(4);
  for (const outcome of outcomes)
    expect(outcome).toEqual(expect.objectContaining({ type: "retry", reason: expect.stringContaining(`${status}`) }));
});

it.each([
  [401, "the target does not accept the secrets of the sink"],
  [403, "the target does not allow the sink to write"],
  [404, "the target does not know the address of the sink"],
])("a webhook names the cause of status %i", async (status, cause) => {
  const [outcome] = await attempt("webhook", () => new Response(null, { status }));
  expect(outcome).toEqual({ type: "retry", reason: `the receiver responded with status ${status}: ${cause}` });
});

it.each([400, 413, 422])("a webhook finds the records that its receiver refuses with status %i", async (status) => {
  const ids: string[] = [];
  const outcomes = await attempt("webhook", (body) => {
    const seqs = (JSON.parse(body) as { event: { seq: number } }[]).map(({ event }) => event.seq);
    ids.push(seqs.join());
    return new Response(null, { status: seqs.includes(3) ? status : 204 });
  });
  expect(outcomes.map(({ type }) => type)).toEqual(["delivered", "delivered", "refused", "delivered"]);
  expect(ids).toEqual(["1,2,3,4", "1,2", "3,4", "3", "4"]);
});

it("a webhook sends each part of a cut under an id of its own", async () => {
  const ids = new Map<string, Set<string>>();
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    const id = `${new Headers(init?.headers).get("webhook-id")}`;
    ids.set(id, (ids.get(id) ?? new Set()).add(`${init?.body}`));
    return new Response(null, { status: `${init?.body}`.includes('"seq":2') ? 422 : 503 });
  });
  const sink = (await targets.webhook.create({ sink: "sink", features: [] })) as Sink;
  const cut = cutOf(
    [1, 2, 3].map((seq) => eventRecord("session1", seq)),
    "shop/0/1-3",
  );
  for (const pending of [[0, 1, 2], [0, 1, 2], [2]]) await sink.attempt({ ...cut, pending }, undefined, contextOf(env));
  expect([...ids.keys()]).toEqual(["shop/0/1-3", "shop/0/1-3:0-1", "shop/0/1-3:0", "shop/0/1-3:2"]);
  for (const bodies of ids.values()) expect(bodies.size).toBe(1);
});
