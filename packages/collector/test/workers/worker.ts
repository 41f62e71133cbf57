import {
  defaultFeatures,
  defineFeatures,
  type Feature,
  type Goal,
  goalFeatures,
  lifetime,
  session,
} from "@tidemark/schema";
import type { AlertReceiver } from "../../src/alert-receiver.ts";
import {
  type AlertSettings,
  defineConfig,
  embedded,
  http,
  kserveV1,
  kserveV2,
  type Model,
  type OtlpSettings,
  type Reaction,
  type SinkTarget,
} from "../../src/config.ts";
import { EgressObject } from "../../src/egress/egress.ts";
import { EntityShardObject, type StoredRow } from "../../src/entities/entity-shard.ts";
import type { EntityKey, Push, Sender } from "../../src/entities/push.ts";
import { createCollector } from "../../src/index.ts";
import type { Notification, NotifyOutcome } from "../../src/monitor/notification.ts";
import { PartitionObject, type PushResponse, type SessionSender } from "../../src/partition/partition.ts";
import { bigquery, snowpipe, webhookSink } from "../../src/sinks/index.ts";
import type { Attempt, Cut, Sink, SinkContext } from "../../src/sinks/sink.ts";
import { createTenants, type Tenants, tenantOf } from "../../src/tenants.ts";
import { stormSinks } from "../sinks/outages/storm-sinks.ts";

const product = {
  entity: { name: "product", field: "properties.sku" },
  source: "custom",
  unit: "EUR",
  window: lifetime(),
} as const;

/** Features of a custom entity. */
const productFeatures = defineFeatures([
  { ...product, name: "product_events", description: "Events.", aggregate: { type: "count" } },
  {
    ...product,
    name: "product_worth",
    description: "Sum of the prices.",
    aggregate: { type: "sum", field: "properties.price" },
  },
  {
    ...product,
    name: "product_last_price",
    description: "The latest price.",
    aggregate: { type: "last", field: "properties.price" },
  },
  {
    ...product,
    name: "product_last_buyer",
    description: "The latest user.",
    aggregate: { type: "last", field: "user_id" },
  },
]);

/** The features of pages that assist a goal: every custom event reaches it. */
const assistFeatures = goalFeatures([{ name: "event", source: "custom", value: "properties.price" }]).filter(
  ({ entity }) => entity === "page",
);

/** Features of one site only. */
const newsFeatures = defineFeatures([
  {
    name: "stories",
    description: "Events.",
    unit: "count",
    entity: "session",
    source: "custom",
    aggregate: { type: "count" },
    window: session(),
  },
  {
    name: "author_stories",
    description: "Events.",
    unit: "count",
    entity: { name: "author", field: "properties.author" },
    source: "custom",
    aggregate: { type: "count" },
    window: lifetime(),
  },
]);

/** A model file: the weighted sum of two features. */
const sumOf = (
  [name, version]: readonly [string, number],
  [one, two]: readonly [string, string],
  weights: readonly [number, number],
) =>
  embedded({
    format: "tidemark-model",
    version: 1,
    set: { name, version },
    inputs: [one, two].map((feature) => ({ feature, kind: "number", steps: [{ fill: 0 }] })),
    model: { kind: "linear", coefficients: weights, intercept: 0, link: "identity" },
  });

/** The number of custom events with a weight. */
const customEvents = (weight: number) => sumOf(["counts", 1], ["custom_event_count", "click_count"], [weight, 0]);

/** The server of models, which tests put in place of `fetch`. */
export const MODEL_SERVER = "http://127.0.0.1:1";

/** The receiver of webhooks, which tests put in place of `fetch`. */
export const WEBHOOK = "http://127.0.0.1:2/hook";

const countsModel = { version: 1, set: "counts:1" } as const;
const labsModels = [
  // Versions that run when an event changes their input, and a model that reads their prediction.
  { ...countsModel, name: "score", runs: customEvents(0.1), when: "on_change" },
  { ...countsModel, name: "score", version: 2, runs: customEvents(0.2), when: "on_change", shadow: true },
  {
    ...{ name: "next", version: 1, set: "chained:1", when: "on_change" },
    runs: sumOf(["chained", 1], ["custom_event_count", "prediction.score"], [0, 10]),
  },
  { ...countsModel, name: "trial", runs: customEvents(1) },
  { ...countsModel, name: "trial", version: 2, runs: customEvents(2), canary: 0.5 },
  { ...countsModel, name: "trial", version: 3, runs: customEvents(3), shadow: true },
  {
    ...countsModel,
    name: "safe",
    runs: kserveV2({ url: MODEL_SERVER, model: "safe" }),
    fallback: "score",
    timeoutMs: 10_000,
  },
  { ...countsModel, name: "bare", runs: http({ url: `${MODEL_SERVER}/bare`, response: "score" }) },
  { ...countsModel, name: "changed", runs: customEvents(1), setHash: "000000000000" },
  { ...countsModel, name: "stored", runs: embedded({ key: "models/stored-1.json" }) },
  {
    name: "popular",
    version: 1,
    set: "pages:1",
    runs: sumOf(["pages", 1], ["page_views", "page_visitors_7d"], [1, 0]),
  },
] satisfies Model[];

/** Features of the site with reactions: its custom events by name. */
const hallFeatures = ["hello", "nudge", "trial", "point", "alert", "insist", "zero"].map(
  (name): Feature => ({
    name: `${name}_count`,
    description: "Events of a name.",
    unit: "count",
    entity: "session",
    source: "custom",
    where: [{ field: "name", is: "eq", value: name }],
    aggregate: { type: "count" },
    window: session(),
  }),
);

const atLeast = (feature: string, right: number) => ({ op: "gte", left: { feature }, right }) as const;

/** The reactions of a site. Each fires for custom events of its own name. */
const hallReactions = [
  {
    ...{ name: "welcome", entity: "session", when: atLeast("hello_count", 2), once: true, expiresMs: 60_000 },
    ...{ payload: { text: "Hello." }, to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "nudge", entity: "session", when: atLeast("nudge_count", 1), cooldownMs: 10_000, expiresMs: 5_000 },
    ...{ to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "trial", entity: "session", when: atLeast("trial_count", 1), once: true, expiresMs: 60_000 },
    ...{ to: ["page", "webhook"], holdout: 0.5 },
  },
  {
    ...{ name: "scored", entity: "session", when: atLeast("prediction.points", 0.5), once: true, expiresMs: 60_000 },
    ...{ to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "alert", entity: "session", when: atLeast("alert_count", 1), cooldownMs: 1_000, expiresMs: 60_000 },
    ...{ payload: { level: 1 }, to: ["webhook"], holdout: 0 },
  },
  {
    ...{ name: "insist", entity: "session", when: atLeast("insist_count", 1), cooldownMs: 1_000, expiresMs: 60_000 },
    ...{ to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "counted", entity: "session", when: atLeast("zero_count", 1), once: true, expiresMs: 60_000 },
    ...{ to: ["page"], holdout: 0 },
  },
] satisfies Reaction[];

/** Features of the site with reactions that time fulfils: the time since the latest event of a name, and recent events. */
const waitFeatures = [
  ...["x", "again", "call", "both"].map(
    (name): Feature => ({
      name: `since_${name}`,
      description: "Time since an event of a name.",
      unit: "ms",
      entity: "session",
      source: "custom",
      where: [{ field: "name", is: "eq", value: name }],
      aggregate: { type: "time_since_last" },
      window: session(),
    }),
  ),
  {
    name: "now_count",
    description: "Events of a name.",
    unit: "count",
    entity: "session",
    source: "custom",
    where: [{ field: "name", is: "eq", value: "now" }],
    aggregate: { type: "count" },
    window: session(),
  } satisfies Feature,
];

/** The reactions of that site. */
const waitReactions = [
  {
    ...{ name: "stuck", entity: "session", when: atLeast("since_x", 30_000), once: true, expiresMs: 60_000 },
    ...{ payload: { text: "Stuck?" }, to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "again", entity: "session", when: atLeast("since_again", 5_000), cooldownMs: 20_000 },
    ...{ expiresMs: 600_000, to: ["page"], holdout: 0 },
  },
  {
    ...{ name: "call", entity: "session", when: atLeast("since_call", 40_000), once: true, expiresMs: 60_000 },
    ...{ to: ["webhook"], holdout: 0 },
  },
  {
    ...{ name: "both", entity: "session", when: atLeast("since_both", 10_000), once: true, expiresMs: 60_000 },
    ...{ to: ["page"], holdout: 0.5 },
  },
  {
    ...{ name: "now", entity: "session", when: atLeast("now_count", 1), once: true, expiresMs: 60_000 },
    ...{ to: ["page"], holdout: 0 },
  },
] satisfies Reaction[];

/** Goals of the site with reactions. */
const hallGoals = [
  { name: "sale", source: "custom", where: [{ field: "name", is: "eq", value: "sale" }] },
  { name: "long_read", source: "dwell", where: [{ field: "engaged_delta_ms", is: "gte", value: 10_000 }] },
] as const satisfies Goal[];

/** Goals of the site `desk`. */
const deskGoals = [
  { name: "sale", source: "custom", where: [{ field: "name", is: "eq", value: "sale" }] },
  // The catalogue has a feature `click_count`, of other clicks.
  { name: "click", source: "click", where: [{ field: "label", is: "eq", value: "goal" }] },
] as const satisfies Goal[];

/** Sites of tests that split partitions. A split cannot be undone, so each test takes another site. */
export const splitSites = Array.from({ length: 120 }, (_, index) => ({
  id: `split${index}`,
  key: `tm_split${index}_ffffffff`,
  origins: ["https://split.example"],
  readKeySecret: `SPLIT_${index}_READ_KEY`,
  log: { days: 7 },
}));

/** A pipe of Snowflake, which tests answer. */
export const SNOWPIPE = {
  ...{ account: "myorg-account1", user: "tidemark", privateKeySecret: "CLOUD_PRIVATE_KEY" },
  ...{ database: "SHOP", schema: "TIDEMARK_SHOP", pipe: "EVENT_FILES-STREAMING", url: "https://snowflake.example" },
};

/** A table of BigQuery, which tests answer. */
export const BIGQUERY = {
  ...{ project: "shop-analytics", dataset: "tidemark_shop", table: "event_files", url: "https://bigquery.example" },
  credentialsSecret: "CLOUD_CREDENTIALS",
};

/** An attempt of a sink in these tests. */
export interface SinkAttempt {
  sink: string;
  cut: Cut;
  /** Number of cuts that the sink has planned. */
  state: unknown;
  context: SinkContext;
}

/** A target that tests control. It plans cuts if it is asked to. */
const fakeTarget = (
  sink: string,
  limits: { records: number; bytes: number },
  plans = false,
  gatherMs = 0,
): SinkTarget => ({
  type: "fake",
  secrets: [],
  check: () => {},
  create: async (): Promise<Sink> => ({
    ...{ limits, gatherMs },
    ...(plans && {
      plan: async (cut: Cut, state: unknown) => ({
        version: 1,
        cut: cut.id,
        n: ((state as { n?: number })?.n ?? 0) + 1,
      }),
    }),
    attempt: (cut: Cut, state: unknown, context: SinkContext) => traffic.attempt({ sink, cut, state, context }),
  }),
});

const LARGE = { records: 1_000, bytes: 1_000_000 };

/** Sites with sinks. Each test takes another one. */
export const feedSites = Array.from({ length: 20 }, (_, index) => ({
  id: `feed${index}`,
  key: `tm_feed${index}_55555555`,
  origins: ["https://feed.example"],
  readKeySecret: `FEED_${index}_READ_KEY`,
  log: { days: 7 },
  sinks: [
    { name: "all", to: fakeTarget("all", LARGE) },
    { name: "small", to: fakeTarget("small", { records: 3, bytes: 1_000_000 }, true), kinds: ["event"] as const },
    {
      ...{ name: "chosen", to: fakeTarget("chosen", LARGE), kinds: ["event"] as const, paused: true },
      ...{ where: [{ field: "name", is: "eq", value: "buy" } as const], consent: "personalisation" as const },
    },
  ],
}));

/** A receiver of alerts that tests control. */
export const fakeReceiver = (name: string): AlertReceiver => ({
  ...{ type: "fake", name, severities: ["page", "ticket", "none"], secrets: [] },
  check: () => {},
  create: async () => ({ notify: (messages) => traffic.notify(name, messages) }),
});
/** Sites with a sink that gathers records for ten minutes, or until it has five. */
export const gatheringSites = Array.from({ length: 4 }, (_, index) => ({
  id: `gather${index}`,
  key: `tm_gather${index}_88888888`,
  readKeySecret: `GATHER_${index}_READ_KEY`,
  origins: ["https://feed.example"],
  log: { days: 7 },
  sinks: [{ name: "all", to: fakeTarget("all", { records: 5, bytes: 1_000_000 }, false, 600_000) }],
}));

/** A deployment with several sites, which must not reach the data of each other, and have different policies. */
export const config = defineConfig({
  sites: [
    {
      id: "shop",
      key: "tm_shop_aaaaaaaa",
      origins: ["https://shop.example", "https://*.shop.example"],
      readKeySecret: "SHOP_READ_KEY",
      userTokenSecret: "SHOP_USER_TOKENS",
      log: { days: 7 },
    },
    { id: "blog", key: "tm_blog_bbbbbbbb", origins: ["http://localhost:*"], readKeySecret: "BLOG_READ_KEY" },
    {
      id: "club",
      key: "tm_club_cccccccc",
      origins: ["https://club.example"],
      readKeySecret: "CLUB_READ_KEY",
      globalPrivacyControl: "ignore",
      cookie: true,
    },
    {
      id: "bank",
      key: "tm_bank_dddddddd",
      origins: ["https://bank.example"],
      readKeySecret: "BANK_READ_KEY",
      requireConsent: true,
      cookie: true,
    },
    {
      id: "news",
      key: "tm_news_eeeeeeee",
      origins: ["https://news.example"],
      readKeySecret: "NEWS_READ_KEY",
      features: newsFeatures,
      jurisdiction: "eu",
      daysToLive: { author: 30 },
    },
    {
      id: "gate",
      key: "tm_gate_99999999",
      origins: ["https://gate.example"],
      readKeySecret: "GATE_READ_KEY",
      userTokenSecret: "GATE_USER_TOKENS",
      requireUserToken: true,
      cookie: true,
      log: { days: 7 },
    },
    {
      id: "labs",
      key: "tm_labs_11111111",
      origins: ["https://labs.example"],
      readKeySecret: "LABS_READ_KEY",
      log: { days: 7 },
      featureSets: [
        { name: "counts", version: 1, entity: "session", features: ["custom_event_count", "click_count"] },
        { name: "chained", version: 1, entity: "session", features: ["custom_event_count", "prediction.score"] },
        { name: "pages", version: 1, entity: "page", features: ["page_views", "page_visitors_7d"] },
        { name: "served", version: 1, entity: "session", features: ["event_count"], log: true },
      ],
      models: labsModels,
    },
    {
      id: "lake",
      key: "tm_lake_22222222",
      origins: ["https://lake.example"],
      readKeySecret: "LAKE_READ_KEY",
      log: { days: 7 },
      featureSets: [
        { name: "counts", version: 1, entity: "session", features: ["custom_event_count", "click_count"] },
        { name: "chained", version: 1, entity: "session", features: ["custom_event_count", "prediction.served"] },
      ],
      models: [
        {
          ...{ ...countsModel, name: "served", when: "on_change", fallback: -1, timeoutMs: 10_000 },
          runs: kserveV1({ url: MODEL_SERVER, model: "served" }),
        },
        {
          ...{ name: "after", version: 1, set: "chained:1", when: "on_change" },
          runs: sumOf(["chained", 1], ["custom_event_count", "prediction.served"], [0, 10]),
        },
      ],
      reactions: [
        {
          ...{ name: "foreseen", entity: "session", when: atLeast("prediction.served", 7), once: true },
          ...{ expiresMs: 60_000, to: ["page"], holdout: 0 },
        },
      ],
    },
    {
      id: "hall",
      key: "tm_hall_33333333",
      origins: ["https://hall.example"],
      readKeySecret: "HALL_READ_KEY",
      log: { days: 7 },
      features: hallFeatures,
      goals: hallGoals,
      featureSets: [{ name: "points", version: 1, entity: "session", features: ["point_count", "zero_count"] }],
      models: [
        {
          ...{ name: "points", version: 3, set: "points:1", when: "on_change" },
          runs: sumOf(["points", 1], ["point_count", "zero_count"], [0.1, 0]),
        },
      ],
      reactions: hallReactions,
      webhook: { url: `${MODEL_SERVER}/webhook`, secrets: ["HALL_WEBHOOK_SECRET"] },
    },
    {
      id: "hook",
      key: "tm_hook_33333333",
      origins: ["https://hook.example"],
      readKeySecret: "HOOK_READ_KEY",
      webhook: { url: WEBHOOK, secrets: ["HOOK_SECRET_NEW", "HOOK_SECRET_OLD"] },
      reactions: [
        {
          ...{
            name: "busy",
            entity: "session",
            when: atLeast("custom_event_count", 20),
            once: true,
            expiresMs: 60_000,
          },
          ...{ payload: { text: "Zoë ☂" }, to: ["webhook"], holdout: 0 },
        },
      ],
    },
    {
      id: "wait",
      key: "tm_wait_44444444",
      origins: ["https://wait.example"],
      readKeySecret: "WAIT_READ_KEY",
      log: { days: 7 },
      features: waitFeatures,
      reactions: waitReactions,
      webhook: { url: `${MODEL_SERVER}/webhook`, secrets: ["HALL_WEBHOOK_SECRET"] },
    },
    {
      id: "desk",
      key: "tm_desk_77777777",
      origins: ["https://desk.example"],
      readKeySecret: "DESK_READ_KEY",
      goals: deskGoals,
      features: [
        ...defaultFeatures,
        ...goalFeatures(deskGoals.slice(0, 1)).filter(({ entity }) => entity === "session"),
      ],
      featureSets: [
        { name: "texts", version: 1, entity: "session", features: ["page_view_count", "recent_paths", "entry_path"] },
        { name: "person", version: 1, entity: "user", features: ["user_session_count"] },
      ],
    },
    ...splitSites,
    ...feedSites,
    ...gatheringSites,
    {
      id: "push",
      key: "tm_push_66666666",
      origins: ["https://push.example"],
      readKeySecret: "PUSH_READ_KEY",
      log: { days: 7 },
      sinks: [
        { name: "server", to: webhookSink({ url: WEBHOOK, secrets: ["HOOK_SECRET_NEW"] }), kinds: ["event"] as const },
      ],
    },
    {
      id: "cloud",
      key: "tm_cloud_77777777",
      origins: ["https://cloud.example"],
      readKeySecret: "CLOUD_READ_KEY",
      log: { days: 7 },
      sinks: [
        { name: "snow", to: snowpipe(SNOWPIPE), kinds: ["event"] as const },
        { name: "query", to: bigquery(BIGQUERY), kinds: ["event"] as const },
      ],
    },
    {
      id: "storm",
      key: "tm_storm_66666666",
      origins: ["https://storm.example"],
      readKeySecret: "STORM_READ_KEY",
      log: { days: 7 },
      sinks: [
        ...stormSinks,
        { name: "snowpipe", to: snowpipe(SNOWPIPE), kinds: ["event"] as const },
        { name: "bigquery", to: bigquery(BIGQUERY), kinds: ["event"] as const },
      ],
    },
  ],
  adminKeySecret: "ADMIN_KEY",
  alerts: { to: [fakeReceiver("desk")] },
  features: [...defaultFeatures, ...productFeatures, ...assistFeatures],
  featureSets: [
    { name: "reading", version: 1, entity: "session", features: ["event_count"] },
    { name: "reading", version: 2, entity: "session", features: ["page_view_count", "engagement_score"] },
    { name: "assists", version: 1, entity: "page", features: ["assisted_goal_count", "page_views"], log: true },
  ],
  models: [
    {
      ...{ name: "activity", version: 1, set: "reading:2" },
      runs: sumOf(["reading", 2], ["page_view_count", "engagement_score"], [1, 0]),
    },
  ],
});

const tenants: Tenants = createTenants(config);

/** Returns the tenant of a site. */
export const tenant = (site: string) => tenantOf(tenants, site);

/** The receiver of spans of the Worker and of the sessions. */
export const tracing: { otlp: OtlpSettings | undefined } = { otlp: undefined };

const {
  handlers,
  LogWriter,
  Metrics,
  Schedule: ConfiguredSchedule,
  Session,
} = createCollector({
  ...config,
  // The type allows no `undefined`, but tests set the receiver later.
  get otlp() {
    return tracing.otlp as OtlpSettings;
  },
});

export { handlers as default, LogWriter, Metrics, Session };

/** A call of a partition or of a shard. */
export interface Call {
  /** The called object: `partition 0`, for example, or `shard`. */
  to: string;
  site: string;
  method: "apply" | "finish" | "read" | "rowsToHandOver" | "sources" | "take";
  /** The sender of pushes, if the call has some; otherwise an empty text. */
  sender: string;
  /** The keys of entities that the call contains. */
  keys: EntityKey[];
}

/** A call without its receiver. */
type Observed = Omit<Call, "to">;

/**
 * A fault of a call: the request is lost; the receiver applies it and the response is lost; or the receiver stops,
 * before or after it has applied the call.
 */
export type Fault = "lose_request" | "lose_response" | "stop_before" | "stop_after";

/** All calls of partitions and shards, the records that they receive, the faults that a test injects, and the splits that it forces. */
export const traffic = {
  calls: [] as Call[],
  pushes: [] as { to: string; sender: Sender; push: Push }[],
  /** The packed records that sessions have sent for the log. */
  records: [] as { session: string; records: Uint8Array }[],
  fault: (_call: Call): Fault | undefined | Promise<Fault | undefined> => undefined,
  isHot: (_site: string): boolean => false,
  /** An attempt of a sink. */
  attempt: async ({ cut }: SinkAttempt): Promise<Attempt<unknown>> => ({
    outcomes: cut.pending.map(() => ({ type: "delivered" })),
  }),
  /** The alerts of the schedule from its start on. They call all objects, so that other tests have none. */
  alerts: undefined as AlertSettings | undefined,
  /** The receiver of the schedule's metrics from its start on. */
  otlp: undefined as OtlpSettings | undefined,
  /** A call of a receiver of alerts. */
  notify: async (_receiver: string, _messages: readonly Notification[]): Promise<NotifyOutcome> => ({
    ...{ accepted: true, detail: "200" },
  }),
  /** Whether the writer of the log stops before it confirms its files. */
  losesConfirmation: false,
  /** Tenants of the schedule from its start on; `undefined` for those of the configuration. */
  scheduled: undefined as Tenants | undefined,
  /** The tenants of the partitions, shards and egresses that start from now on. */
  tenants,
};

/** Records a call, and applies it unless a fault is injected. */
const withFaults = async <T>(state: DurableObjectState, call: Call, apply: () => T | Promise<T>): Promise<T> => {
  traffic.calls.push(call);
  const fault = await traffic.fault(call);
  if (fault === "lose_request") throw new Error("the request is lost");
  if (fault === "stop_before") state.abort("the object stops");
  const response = await apply();
  if (fault === "stop_after") state.abort("the object stops");
  if (fault === "lose_response") throw new Error("the response is lost");
  return response;
};

/** Records pushes. Returns the keys of their entities. */
const recordPushes = (to: string, sender: Sender, text: string): EntityKey[] => {
  const pushes = JSON.parse(text) as Push[];
  traffic.pushes.push(...pushes.map((push) => ({ to, sender, push })));
  return pushes.flatMap(({ deltas }) => Object.keys(deltas) as EntityKey[]);
};

export class Partition extends PartitionObject {
  protected override readonly tenants = traffic.tenants;
  #site = "";

  override async apply(
    site: string,
    partition: number,
    sender: SessionSender,
    text: string,
    records?: Uint8Array,
    version?: number,
  ): Promise<PushResponse> {
    this.#site = site;
    const keys = recordPushes(`partition ${partition}`, sender, text);
    if (records) traffic.records.push({ session: sender.id, records });
    const call: Observed = { site, method: "apply", sender: sender.id, keys };
    return this.#observe(partition, call, () => super.apply(site, partition, sender, text, records, version));
  }

  override confirmCut(site: string, partition: number, to: number): void {
    if (traffic.losesConfirmation) throw new Error("the confirmation is lost");
    super.confirmCut(site, partition, to);
  }

  override read(site: string, partition: number, key: EntityKey): never {
    const call: Observed = { site, method: "read", sender: "", keys: [key] };
    // Callers are in other objects, and await it.
    return this.#observe(partition, call, () => super.read(site, partition, key)) as never;
  }

  override sources(site: string, partition: number) {
    const call: Observed = { site, method: "sources", sender: "", keys: [] };
    return this.#observe(partition, call, () => super.sources(site, partition));
  }

  override rowsToHandOver(site: string, partition: number, keys: EntityKey[]): never {
    const call: Observed = { site, method: "rowsToHandOver", sender: "", keys };
    return this.#observe(partition, call, () => super.rowsToHandOver(site, partition, keys)) as never;
  }

  #observe<T>(partition: number, call: Observed, apply: () => T | Promise<T>): Promise<T> {
    return withFaults(this.ctx, { to: `partition ${partition}`, ...call }, apply);
  }

  protected override isHot(): boolean {
    return traffic.isHot(this.#site) || super.isHot();
  }
}

export class Schedule extends ConfiguredSchedule {
  declare protected request: (request: Request) => Promise<Response>;
  declare protected readonly tenants: Tenants;

  constructor(...given: ConstructorParameters<typeof ConfiguredSchedule>) {
    super(...given);
    if (traffic.scheduled) Object.assign(this, { tenants: traffic.scheduled });
  }

  protected override get alerts(): AlertSettings | undefined {
    return traffic.alerts;
  }

  protected override get otlp(): OtlpSettings | undefined {
    return traffic.otlp;
  }
}

export class Egress extends EgressObject {
  protected override readonly tenants = traffic.tenants;
}

export class EntityShard extends EntityShardObject {
  protected override readonly tenants = traffic.tenants;

  override apply(site: string, sender: Sender, text: string, version?: number): Promise<void> {
    const keys = recordPushes("shard", sender, text);
    const call: Observed = { site, method: "apply", sender: sender.id, keys };
    return this.#observe(call, () => super.apply(site, sender, text, version));
  }

  override read(site: string, key: EntityKey) {
    return this.#observe({ site, method: "read", sender: "", keys: [key] }, () => super.read(site, key));
  }

  override take(site: string, source: number, rows: StoredRow[]): Promise<void> {
    const keys = rows.map(([key]) => key);
    return this.#observe({ site, method: "take", sender: "", keys }, () => super.take(site, source, rows));
  }

  override finish(site: string, source: number): Promise<void> {
    return this.#observe({ site, method: "finish", sender: "", keys: [] }, () => super.finish(site, source));
  }

  #observe<T>(call: Observed, apply: () => T | Promise<T>): Promise<T> {
    return withFaults(this.ctx, { to: "shard", ...call }, apply);
  }
}
