import { defineFeatureSet, type Feature, lifetime, session } from "@tidemark/schema";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { AlertReceiver } from "../src/alert-receiver.ts";
import {
  defineConfig,
  defineModel,
  http,
  type Jurisdiction,
  type SessionVectorOf,
  type Site,
  type TidemarkConfig,
} from "../src/config.ts";

const clicks: Feature = {
  name: "clicks",
  description: "Clicks.",
  unit: "count",
  entity: "user",
  source: "click",
  aggregate: { type: "count" },
  window: lifetime(),
};

const shop: Site = {
  id: "shop",
  key: "tm_shop_aaaaaaaa",
  origins: ["https://shop.example"],
  readKeySecret: "SHOP_READ_KEY",
};

const config: TidemarkConfig = { sites: [shop], adminKeySecret: "ADMIN_KEY", features: [clicks] };

const broken: Feature = { ...clicks, source: "clack" as "click" };

describe("defineConfig", () => {
  it("returns a valid configuration unchanged", () => {
    expect(defineConfig(config)).toBe(config);
  });

  const accepted: Record<string, Partial<Site>> = {
    "an id of 32 characters": { id: "a".repeat(32), key: `tm_${"a".repeat(32)}_aaaaaaaa` },
    "an id with digits and hyphens": { id: "shop-2-eu", key: "tm_shop-2-eu_aaaaaaaa" },
    "a long key": { key: `tm_shop_${"aZ9".repeat(30)}` },
    "origins with hosts, ports and any label or port": {
      origins: ["https://shop.example", "http://localhost:*", "https://*.shop.example", "http://127.0.0.1:80"],
    },
    "addresses of version 6": { origins: ["http://[::1]:*", "https://[2001:DB8::1]"] },
    "an environment variable with digits": { readKeySecret: "K2_READ_KEY" },
    "each policy for Global Privacy Control": { globalPrivacyControl: "reject" },
    "the other policy": { globalPrivacyControl: "ignore" },
    "a secret of user tokens": { userTokenSecret: "SHOP_USER_TOKENS" },
    "required user tokens": { userTokenSecret: "SHOP_USER_TOKENS", requireUserToken: true },
    "a jurisdiction": { jurisdiction: "eu" },
    "the other jurisdiction": { jurisdiction: "fedramp" },
    "its own features": { features: [{ ...clicks, name: "own_clicks" }] },
    "no features": { features: [] },
    "a log with days by kind": { log: { days: { default: 30, vector: 400 } } },
    "entities that expire": { daysToLive: { user: 400 } },
    goals: { goals: [{ name: "purchase", source: "custom", value: 5 }] },
    "feature sets": {
      featureSets: [1, 2].map((version) => ({ name: "s", version, entity: "user", features: ["clicks"] })),
    },
  };

  it.each(Object.entries(accepted))("accepts a site with %s", (_, change) => {
    expect(() => defineConfig({ ...config, sites: [{ ...shop, ...change }] })).not.toThrow();
  });

  it("accepts a receiver of metrics", () => {
    const otlp = {
      url: "https://otel.example/v1/metrics?tenant=shop",
      headersSecret: "OTLP_HEADERS",
      everySeconds: 30,
    };
    expect(() => defineConfig({ ...config, otlp })).not.toThrow();
  });

  it.each([
    [{ url: "http://otel.example/hidden" }, "otlp.url: expected an address that begins with https://"],
    [{ url: "https://user:hidden@otel.example" }, "otlp.url: expected an address that begins with https://"],
    [{ headersSecret: "hidden=1" }, "otlp.headersSecret: expected the name of an environment variable"],
    [{ headersSecret: "ADMIN_KEY" }, "otlp.headersSecret: expected a secret that is no key of the collector"],
    [{ everySeconds: 5 }, "otlp.everySeconds: expected a whole number of seconds, from 10 to 3600; given 5"],
    [{ everySeconds: 90.5 }, "otlp.everySeconds: expected a whole number of seconds, from 10 to 3600; given 90.5"],
    [{ headers: "hidden" }, "otlp: unknown field headers; expected one of url, headersSecret, everySeconds"],
  ])("rejects the receiver of metrics %o, and quotes no secret", (change, message) => {
    const otlp = { url: "https://otel.example", ...change };
    const error = (() => {
      try {
        return defineConfig({ ...config, otlp }) && "";
      } catch (thrown) {
        return (thrown as Error).message;
      }
    })();
    expect(error).toContain(message);
    expect(error).not.toContain("hidden");
  });

  it("accepts an Iceberg catalogue", () => {
    const iceberg = { catalog: "https://catalog.example", bucket: "s3://log", tokenSecret: "TOKEN", warehouse: "w" };
    expect(() => defineConfig({ ...config, iceberg })).not.toThrow();
  });

  it.each([
    [
      { catalog: "catalog.example" },
      'iceberg.catalog: expected the address of a REST catalogue; given "catalog.example"',
    ],
    [{ bucket: "log" }, 'iceberg.bucket: expected an address such as s3://shop-log; given "log"'],
    [{ tokenSecret: "abc123" }, "iceberg.tokenSecret: expected the name of an environment variable, such as READ_KEY"],
    [{ namespace: "x" }, "iceberg: unknown field namespace; expected one of catalog, warehouse, tokenSecret, bucket"],
  ])("rejects the Iceberg catalogue %o", (change, message) => {
    const iceberg = { catalog: "https://catalog.example", bucket: "s3://log", ...change };
    expect(() => defineConfig({ ...config, iceberg })).toThrow(`tidemark.config.ts: ${message}`);
  });

  it.each<Jurisdiction>(["eu", "fedramp"])("accepts the jurisdiction %s", (jurisdiction) => {
    expect(() => defineConfig({ ...config, jurisdiction })).not.toThrow();
  });

  const ID = "id: expected 1 to 32 of a-z, 0-9 and -; given ";
  const KEY = "key: expected tm_shop_ and 8 or more letters or digits; given ";
  const SECRET = "readKeySecret: expected the name of an environment variable";
  const origin = (given: unknown) =>
    `origins: expected scheme://host[:port] without a path; given ${JSON.stringify(given)}`;
  const rejected: [title: string, change: Partial<Site>, message: string][] = [
    ["an empty id", { id: "" }, ID],
    ["an id of 33 characters", { id: "a".repeat(33) }, ID],
    ["capitals in an id", { id: "Shop" }, ID],
    ["an underscore in an id", { id: "my_shop" }, ID],
    ["a colon in an id", { id: "my:shop" }, ID],
    ["a key of another site", { key: "tm_blog_aaaaaaaa" }, KEY],
    ["a key without its prefix", { key: "shop_aaaaaaaa" }, KEY],
    ["a short key", { key: "tm_shop_aaaaaaa" }, KEY],
    ["a key with other characters", { key: "tm_shop_aaaaaaa-" }, KEY],
    ["no origin", { origins: [] }, "origins: expected at least one origin, in an array; given []"],
    ["an origin without a scheme", { origins: ["shop.example"] }, origin("shop.example")],
    ["an origin of another scheme", { origins: ["ftp://shop.example"] }, origin("ftp://shop.example")],
    ["an origin with a slash", { origins: ["https://shop.example/"] }, origin("https://shop.example/")],
    ["an origin with a path", { origins: ["https://shop.example/a"] }, origin("https://shop.example/a")],
    ["an origin with a query", { origins: ["https://shop.example?a"] }, origin("https://shop.example?a")],
    ["an origin with a fragment", { origins: ["https://shop.example#a"] }, origin("https://shop.example#a")],
    ["an origin with a user", { origins: ["https://ann@shop.example"] }, origin("https://ann@shop.example")],
    ["an origin with a space", { origins: ["https://shop example"] }, origin("https://shop example")],
    ["a port that is no number", { origins: ["https://shop.example:http"] }, origin("https://shop.example:http")],
    ["a port of six digits", { origins: ["https://shop.example:123456"] }, origin("https://shop.example:123456")],
    ["an empty port", { origins: ["https://shop.example:"] }, origin("https://shop.example:")],
    ["a part of a port", { origins: ["http://localhost:80*"] }, origin("http://localhost:80*")],
    ["two ports", { origins: ["http://localhost:1:2"] }, origin("http://localhost:1:2")],
    ["the origin *", { origins: ["*"] }, origin("*")],
    ["an invalid second origin", { origins: ["https://shop.example", "null"] }, origin("null")],
    [
      "two feature sets of one name in Feast and Tecton",
      {
        featureSets: [
          { name: "s", version: 2, entity: "user", features: ["clicks"] },
          { name: "s_v2", version: 1, entity: "user", features: ["clicks"] },
        ],
      },
      'featureSets: expected no name that another set and its version form; given "s_v2"',
    ],
    ["an empty name of a secret", { readKeySecret: "" }, SECRET],
    ["a secret instead of its name", { readKeySecret: "s3cr3t-value" }, SECRET],
    [
      "an unknown policy for Global Privacy Control",
      { globalPrivacyControl: "honour" as "reject" },
      'globalPrivacyControl: expected reject or ignore; given "honour"',
    ],
    [
      "an unknown jurisdiction",
      { jurisdiction: "us" as Jurisdiction },
      'jurisdiction: expected eu or fedramp; given "us"',
    ],
    ["no id", { id: undefined as never }, "id: expected 1 to 32 of a-z, 0-9 and -; given nothing"],
    ["a key that is not a string", { key: 5 as never }, `${KEY}5`],
    ["no key", { key: undefined as never }, KEY],
    [
      "no origins",
      { origins: undefined as never },
      "origins: expected at least one origin, in an array; given nothing",
    ],
    [
      "an origin outside an array",
      { origins: "https://shop.example" as never },
      'origins: expected at least one origin, in an array; given "https://shop.example"',
    ],
    ["an origin that is not a string", { origins: [5] as never }, origin(5)],
    ["no name of a secret", { readKeySecret: undefined as never }, SECRET],
    [
      "a string instead of a boolean",
      { requireConsent: "false" as never },
      'requireConsent: expected true or false; given "false"',
    ],
    ["a text that requires user tokens", { requireUserToken: "yes" as never }, "userTokenSecret: expected"],
    ["a number instead of a boolean", { cookie: 1 as never }, "cookie: expected true or false; given 1"],
    ["a text instead of a pause", { pause: "yes" as never }, 'pause: expected true or false; given "yes"'],
    [
      "a cap of no events",
      { dailyCaps: { events: 0 } },
      "dailyCaps.events: expected a whole number, from 1 on; given 0",
    ],
    [
      "a cap of half a session",
      { dailyCaps: { sessions: 0.5 } },
      "dailyCaps.sessions: expected a whole number, from 1 on; given 0.5",
    ],
    [
      "an unknown cap",
      { dailyCaps: { users: 1 } as never },
      "dailyCaps: unknown field users; expected one of sessions, events",
    ],
    [
      "an entity that expires at once",
      { daysToLive: { user: 0 } },
      "daysToLive.user: expected a number of days, from 1 on; given 0",
    ],
    [
      "days for sessions, which expire by themselves",
      { daysToLive: { session: 5 } },
      "daysToLive: unknown field session; expected one of user",
    ],
    [
      "days for an entity of other features",
      { daysToLive: { page: 5 } },
      "daysToLive: unknown field page; expected one of user",
    ],
    ["a log of half a day", { log: { days: 0.5 } }, "log.days: expected a number of days, from 1 on; given 0.5"],
    [
      "days of the log without a default",
      { log: { days: { vector: 400 } as never } },
      "log.days.default: expected a number of days, from 1 on; given nothing",
    ],
    [
      "days of an unknown kind of record",
      { log: { days: { default: 30, click: 5 } as never } },
      "log.days: unknown field click; expected one of default, event, vector",
    ],
    ["features that are null", { features: null as never }, "features: expected an array of definitions"],
    ["an unknown event in a feature", { features: [broken] }, "feature clicks: source: "],
    ["two features of one name", { features: [clicks, clicks] }, "feature clicks is defined twice"],
  ];

  it.each(rejected)(
    "rejects a site with %s; the error names the site, the field and the expected value",
    (_, change, message) => {
      const site = { ...shop, ...change };
      const place = `tidemark.config.ts: site ${JSON.stringify(site.id)}: `;
      expect(() => defineConfig({ ...config, sites: [site] })).toThrow(`${place}${message}`);
    },
  );

  const blogWith = (change: Partial<Site>): Site => ({
    ...shop,
    ...{ id: "blog", key: "tm_blog_aaaaaaaa", readKeySecret: "BLOG_READ_KEY" },
    ...change,
  });
  const hook = { url: "https://shop.example/hook", secrets: ["HOOK_SECRET"] };

  it.each([
    "https://shop.example/hook?token=1",
    "http://localhost:8080/hook",
    "http://shop.localhost/hook",
    "http://127.0.0.1:8080",
    "http://[::1]/hook",
  ])("accepts a webhook at %s", (url) => {
    expect(() => defineConfig({ ...config, webhook: { ...hook, url } })).not.toThrow();
  });

  it("accepts a webhook of a site, of all sites, and none at one of them", () => {
    const sites = [
      { ...shop, webhook: false as const },
      blogWith({ webhook: { ...hook, url: "https://blog.example" } }),
    ];
    expect(() =>
      defineConfig({ ...config, sites, webhook: { ...hook, secrets: ["A1", "A2", "A3", "A4"] } }),
    ).not.toThrow();
    expect(() => defineConfig({ ...config, sites: [shop, blogWith({ webhook: hook })], webhook: hook })).not.toThrow();
  });

  const receiver: AlertReceiver = {
    ...{ type: "fake", name: "desk", severities: ["page"], secrets: ["DESK_SECRET"] },
    check: (expectSetting) => expectSetting(true, "", "", ""),
    create: () => Promise.reject(new Error("not called")),
  };

  it("accepts a canary that visits one of the sites", () => {
    expect(() => defineConfig({ ...config, canary: { site: "shop" } })).not.toThrow();
  });

  it.each([
    ["of another form", "shop", "canary: expected an object with site"],
    ["with an unknown field", { site: "shop", every: 1 }, "canary: unknown field every; expected one of site"],
    ["of a site that does not exist", { site: "blog" }, 'canary.site: expected the id of a site: shop; given "blog"'],
  ])("rejects a canary %s", (_, canary, message) => {
    expect(() => defineConfig({ ...config, canary: canary as { site: string } })).toThrow(message);
  });

  it("rejects a canary whose sessions would exceed a daily cap", () => {
    const sites = [{ ...shop, dailyCaps: { sessions: 1_000 } }];
    expect(() => defineConfig({ ...config, sites, canary: { site: "shop" } })).toThrow(
      "canary.site: expected a site with dailyCaps.sessions over 1440",
    );
  });

  it("accepts alerts", () => {
    const alerts = { to: [receiver, { ...receiver, name: "phone" }], runbooks: "https://wiki.example/runbooks" };
    expect(() => defineConfig({ ...config, alerts })).not.toThrow();
    expect(() => defineConfig({ ...config, alerts: { to: [] } })).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ["that are a list", [receiver], "alerts: expected an object with to, runbooks"],
    ["with an unknown field", { to: [], repeat: 1 }, "alerts: unknown field repeat; expected one of to, runbooks"],
    ["without receivers", {}, "alerts.to: expected an array of at most 8 receivers"],
    ["with a receiver of another form", { to: ["slack"] }, "alerts.to[0]: expected a receiver of"],
    [
      "with a name twice",
      { to: [receiver, receiver] },
      "alerts.to[1].name: expected a name that no other receiver has",
    ],
    [
      "with a key of the collector",
      { to: [{ ...receiver, secrets: ["ADMIN_KEY"] }] },
      "alerts.to: expected secrets that",
    ],
    [
      "with a path of runbooks",
      { to: [], runbooks: "docs" },
      "alerts.runbooks: expected the address of a page, such as",
    ],
  ])("rejects alerts %s", (_, alerts, message) => {
    expect(() => defineConfig({ ...config, alerts: alerts as never })).toThrow(`tidemark.config.ts: ${message}`);
  });

  const URL_FORM = "webhook.url: expected an address that begins with https://, without a user name or a password";
  const NAMES = "webhook.secrets: expected 1 to 4 names of secrets, in an array, the newest first";
  it.each<[string, object, string]>([
    ["without encryption", { url: "http://shop.example/hidden" }, URL_FORM],
    ["at a host that looks like this machine", { url: "http://localhost.example/hidden" }, URL_FORM],
    ["at a host that begins like an address", { url: "http://127.0.0.1.example/hidden" }, URL_FORM],
    ["of another protocol", { url: "ftp://localhost/hidden" }, URL_FORM],
    ["with a password", { url: "https://ann:hidden@shop.example" }, URL_FORM],
    ["without an address", { url: undefined }, URL_FORM],
    ["without secrets", { secrets: [] }, NAMES],
    ["with five secrets", { secrets: ["A1", "A2", "A3", "A4", "A5"] }, NAMES],
    ["with a secret outside an array", { secrets: "HOOK_SECRET" }, NAMES],
    [
      "with a secret instead of its name",
      { secrets: ["whsec_hidden"] },
      "webhook.secrets: expected names of environment variables",
    ],
    ["with a secret twice", { secrets: ["HOOK_SECRET", "HOOK_SECRET"] }, "webhook.secrets: expected each name once"],
    ["with an unknown field", { secret: "hidden" }, "webhook: unknown field secret; expected one of url, secrets"],
    ["that is true", true as never, "webhook: expected an object with url, secrets"],
  ])("rejects a webhook %s, and quotes neither its address nor its secrets", (_, change, message) => {
    const webhook = change === (true as never) ? change : { ...hook, ...change };
    const define = (given: object) => () => defineConfig({ ...config, ...given });
    expect(define({ webhook })).toThrow(`tidemark.config.ts: ${message}`);
    expect(define({ sites: [{ ...shop, webhook }] })).toThrow(`tidemark.config.ts: site "shop": ${message}`);
    expect(define({ webhook })).toThrow(/^(?!.*hidden)/);
  });

  it.each<[string, Partial<TidemarkConfig>]>([
    ["a read key", { webhook: { ...hook, secrets: ["SHOP_READ_KEY"] } }],
    ["the admin key", { webhook: { ...hook, secrets: ["ADMIN_KEY"] } }],
    ["a secret of user tokens", { sites: [{ ...shop, userTokenSecret: "HOOK_SECRET", webhook: hook }] }],
    [
      "the token of the catalogue",
      { webhook: hook, iceberg: { catalog: "https://a.example", bucket: "s3://log", tokenSecret: "HOOK_SECRET" } },
    ],
    [
      "the secret of another receiver",
      { webhook: hook, sites: [{ ...shop, webhook: { ...hook, url: "https://other.example" } }] },
    ],
  ])("rejects as secret of a webhook %s", (_, change) => {
    expect(() => defineConfig({ ...config, ...change })).toThrow(
      /webhook\.secrets: expected names of secrets that have no other use; given "[A-Z_]+"$/,
    );
  });

  it("rejects a webhook's secret as token of a model, whose server would get it", () => {
    const sets = [defineFeatureSet({ name: "counts", version: 1, entity: "user", features: ["clicks"] })];
    const runs = http({ url: "https://models.example", response: "score", tokenSecret: "HOOK_SECRET" });
    const models = [defineModel({ name: "score", version: 1, set: "counts:1", runs })];
    expect(() => defineConfig({ ...config, featureSets: sets, models, webhook: hook })).toThrow(
      "model score: runs.tokenSecret: expected the name of a secret that has no other use",
    );
  });

  it("does not quote a value given instead of a secret's name", () => {
    const sites = [{ ...shop, readKeySecret: "s3cr3t-value" }];
    expect(() => defineConfig({ ...config, sites })).toThrow(/^(?!.*s3cr3t)/);
  });

  it("rejects two sites of one id", () => {
    expect(() => defineConfig({ ...config, sites: [shop, { ...shop, key: "tm_shop_bbbbbbbb" }] })).toThrow(
      'tidemark.config.ts: site "shop": id: expected an id that no other site has',
    );
  });

  it("rejects two sites of one read key, of which the second could never be read", () => {
    const blog = { ...shop, id: "blog", key: "tm_blog_aaaaaaaa" };
    expect(() => defineConfig({ ...config, sites: [shop, blog] })).toThrow(
      'tidemark.config.ts: site "blog": readKeySecret: expected the name of a secret that no other site has; given "SHOP_READ_KEY"',
    );
  });

  it("rejects a site whose read key is the operator's key", () => {
    expect(() => defineConfig({ ...config, adminKeySecret: "SHOP_READ_KEY" })).toThrow(
      'tidemark.config.ts: adminKeySecret: expected the name of a secret that no site has; given "SHOP_READ_KEY"',
    );
  });

  it.each<[string, Site[], string]>([
    [
      "the read key of another site",
      [
        shop,
        {
          ...shop,
          id: "blog",
          key: "tm_blog_aaaaaaaa",
          readKeySecret: "BLOG_READ_KEY",
          userTokenSecret: "SHOP_READ_KEY",
        },
      ],
      'site "blog": userTokenSecret: expected the name of a secret that has no other use; given "SHOP_READ_KEY"',
    ],
    [
      "the site's read key",
      [{ ...shop, userTokenSecret: "SHOP_READ_KEY" }],
      'site "shop": userTokenSecret: expected the name of a secret that has no other use; given "SHOP_READ_KEY"',
    ],
    [
      "the token secret of another site as read key",
      [
        { ...shop, userTokenSecret: "TOKENS" },
        { ...shop, id: "blog", key: "tm_blog_aaaaaaaa", readKeySecret: "TOKENS" },
      ],
      'site "blog": readKeySecret: expected the name of a secret that no other site has; given "TOKENS"',
    ],
    [
      "the admin key",
      [{ ...shop, userTokenSecret: "ADMIN_KEY" }],
      'adminKeySecret: expected the name of a secret that no site has; given "ADMIN_KEY"',
    ],
    [
      "no name",
      [{ ...shop, userTokenSecret: "" }],
      'site "shop": userTokenSecret: expected the name of an environment variable',
    ],
    [
      "no secret at all, though tokens are required",
      [{ ...shop, requireUserToken: true }],
      'site "shop": userTokenSecret: expected the name of a secret, because requireUserToken is true; given nothing',
    ],
  ])("rejects as secret of user tokens %s", (_, sites, message) => {
    expect(() => defineConfig({ ...config, sites })).toThrow(`tidemark.config.ts: ${message}`);
  });

  it.each([null, undefined, "shop", [shop]])("rejects a site that is not an object: %j", (site) => {
    expect(() => defineConfig({ ...config, sites: [shop, site as never] })).toThrow(
      "tidemark.config.ts: sites[1]: expected an object with id, key, origins, readKeySecret, requireConsent, ",
    );
  });

  it("rejects unknown fields of a site and of the deployment", () => {
    const misspelt = { ...shop, requireConcent: true };
    expect(() => defineConfig({ ...config, sites: [misspelt] })).toThrow(
      "tidemark.config.ts: sites[0]: unknown field requireConcent; expected one of id, key, origins, readKeySecret, requireConsent, ",
    );
    const other = { ...config, jurisdictions: "eu" };
    expect(() => defineConfig(other)).toThrow(
      "tidemark.config.ts: defineConfig: unknown field jurisdictions; expected one of sites, adminKeySecret, features, jurisdiction",
    );
  });

  it.each([null, undefined, 5, []])("rejects a configuration that is not an object: %j", (value) => {
    expect(() => defineConfig(value as never)).toThrow(
      "tidemark.config.ts: defineConfig: expected an object with sites, ",
    );
  });

  it("rejects an invalid second site after a valid first one", () => {
    const blog = { ...shop, id: "blog" };
    expect(() => defineConfig({ ...config, sites: [shop, blog] })).toThrow(
      'tidemark.config.ts: site "blog": key: expected tm_blog_ and 8 or more letters or digits',
    );
  });

  it.each<[string, Partial<TidemarkConfig>, string]>([
    [
      "no name of the admin secret",
      { adminKeySecret: "" },
      "adminKeySecret: expected the name of an environment variable",
    ],
    [
      "an unknown jurisdiction",
      { jurisdiction: "us" as Jurisdiction },
      'jurisdiction: expected eu or fedramp; given "us"',
    ],
    [
      "no array of sites",
      { sites: undefined as never },
      "sites: expected at least one site, in an array; given nothing",
    ],
    ["an object of sites", { sites: { shop } as never }, "sites: expected at least one site, in an array; given {"],
    ["no sites", { sites: [] }, "sites: expected at least one site, in an array; given []"],
    ["no features", { features: undefined as never }, "features: expected an array of definitions"],
    ["an unknown event in a feature", { features: [broken] }, "feature clicks: source: "],
    ["two features of one name", { features: [clicks, clicks] }, "feature clicks is defined twice"],
  ])("rejects a deployment with %s", (_, change, message) => {
    expect(() => defineConfig({ ...config, ...change })).toThrow(`tidemark.config.ts: ${message}`);
  });
});

describe("SessionVectorOf", () => {
  const ofSession = {
    description: "D.",
    unit: "count",
    entity: "session",
    source: "click",
    window: session(),
  } as const;
  const config = defineConfig({
    sites: [{ id: "a", key: "tm_a_aaaaaaaa", origins: ["https://a.example"], readKeySecret: "READ_KEY" }],
    adminKeySecret: "ADMIN_KEY",
    features: [
      { ...ofSession, name: "clicks", aggregate: { type: "count" } },
      { ...ofSession, name: "visits", entity: "user", window: lifetime(), aggregate: { type: "count" } },
    ],
  });

  it("has the session's features of a configuration, and no other", () => {
    expectTypeOf<SessionVectorOf<typeof config>>().toEqualTypeOf<{ clicks: number | null }>();
  });
});
