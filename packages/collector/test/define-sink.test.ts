import { describe, expect, it } from "vitest";
import {
  defineConfig,
  defineSink,
  type SinkDefinition,
  type SinkTarget,
  type Site,
  webhookSecretNamesOf,
} from "../src/config.ts";
import { kafka, webhookSink } from "../src/sinks/index.ts";

const to = webhookSink({ url: "https://shop.example/hook", secrets: ["ORDERS_WEBHOOK"] });
const sink: SinkDefinition = { name: "orders", to };

const errorOf = (change: object): string => {
  try {
    defineSink({ ...sink, ...change });
  } catch (error) {
    return (error as Error).message;
  }
  return "none";
};

describe("a sink", () => {
  it.each<Partial<SinkDefinition>>([
    {},
    { kinds: ["event", "vector"], consent: "personalisation", paused: true },
    { where: [{ field: "type", is: "in", values: ["click", "custom"] }] },
    {
      where: [
        { field: "name", is: "eq", value: "order" },
        { field: "properties.price", is: "gte", value: 10 },
      ],
    },
    { where: [{ field: "view.path", is: "ne", value: "/" }] },
    { to: kafka({ brokers: ["broker.example:9092"], topic: "events" }) },
  ])("is accepted with %o", (more) => {
    const given = { ...sink, ...more };
    expect(defineSink(given)).toBe(given);
  });

  it.each<[object, string]>([
    [{ name: "Orders" }, 'sink Orders: name: expected a name in snake_case of at most 32 characters; given "Orders"'],
    [
      { to: { type: "kafka" } },
      'sink orders: to: expected a target of @tidemark/collector/sinks, such as kafka({ … }); given {"type":"kafka"}',
    ],
    [
      { to: kafka({ brokers: ["broker"], topic: "events" }) },
      'sink orders: to.brokers[0]: expected an address such as broker-1.example.com:9092; given "broker"',
    ],
    [
      { to: webhookSink({ url: "http://shop.example/secret", secrets: ["A"] }) },
      'sink orders: to.url: expected an address that begins with https://, without a user name or a password; given "another value"',
    ],
    [{ kinds: [] }, "sink orders: kinds: expected an array of event, vector, served_vector,"],
    [{ kinds: ["events"] }, "sink orders: kinds: expected an array of event,"],
    [
      { where: [{ field: "nmae", is: "eq", value: "x" }] },
      'sink orders: where[0].field: expected type, or the path of a field of some event type; given "nmae"',
    ],
    [{ where: [{ field: "name", is: "eq", value: 3 }] }, "sink orders: where[0]: expected { field, is:"],
    [{ where: [{ field: "name", is: "like", value: "x" }] }, "sink orders: where[0]: expected { field, is:"],
    [{ consent: "marketing" }, 'sink orders: consent: expected measurement or personalisation; given "marketing"'],
    [
      { consent: "measurement", kinds: ["event", "reaction"] },
      'sink orders: kinds: expected only event and vector with a consent, because records of other kinds state none; given "reaction"',
    ],
    [{ paused: "yes" }, 'sink orders: paused: expected true or false; given "yes"'],
    [{ wher: [] }, "sink orders: unknown key: expected one of name, to, kinds, where, consent, paused; given"],
  ])("is rejected with %o", (change, message) => {
    expect(errorOf(change)).toContain(message);
  });
});

describe("the sinks of a configuration", () => {
  const site: Site = {
    ...{ id: "shop", key: "tm_shop_aaaaaaaa", origins: ["https://shop.example"], readKeySecret: "SHOP_READ_KEY" },
    log: { days: 7 },
  };
  const configWith =
    (sinks: readonly SinkDefinition[], more: Partial<Site> = {}) =>
    () =>
      defineConfig({ sites: [{ ...site, ...more, sinks }], adminKeySecret: "ADMIN_KEY", features: [] });

  it("are checked, have different names, and need a log", () => {
    expect(configWith([sink])).not.toThrow();
    expect(configWith([{ ...sink, name: "A" }])).toThrow('tidemark.config.ts: site "shop": sink A: name: expected');
    expect(configWith([sink, sink])).toThrow('site "shop": sinks: expected each name once; given "orders"');
    expect(configWith([sink], { log: false })).toThrow('site "shop": log: expected a log, such as { days: 30 }');
    expect(configWith([], { log: false })).not.toThrow();
    const many = Array.from({ length: 9 }, (_, index) => ({ ...sink, name: `sink_${index}` }));
    expect(configWith(many)).toThrow("sinks: expected an array of at most 8 sinks; given 9");
  });

  it("have secrets that are no keys of the collector", () => {
    const target = (secret: string): SinkTarget => webhookSink({ url: "https://shop.example/hook", secrets: [secret] });
    for (const secret of ["ADMIN_KEY", "SHOP_READ_KEY"])
      expect(configWith([{ ...sink, to: target(secret) }])).toThrow(
        "sinks: expected secrets that are no keys of the collector",
      );
    expect(webhookSecretNamesOf(configWith([sink])())).toEqual(["ORDERS_WEBHOOK"]);
  });
});
