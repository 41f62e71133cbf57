import { defaultFeatures } from "@tidemark/schema";
import { describe, expect, it } from "vitest";
import type { AlertReceiver } from "../../../src/alert-receiver.ts";
import { defineConfig, webhookSecretNamesOf } from "../../../src/config.ts";
import { opsgenie, pagerDuty, slack, webhookAlerts } from "../../../src/monitor/notify/index.ts";

const configWith = (to: readonly AlertReceiver[]) =>
  defineConfig({
    sites: [{ id: "shop", key: "tm_shop_11111111", origins: ["https://shop.example"], readKeySecret: "SHOP_READ_KEY" }],
    adminKeySecret: "ADMIN_KEY",
    features: defaultFeatures,
    alerts: { to },
  });

const PAGERDUTY = { routingKeySecret: "ROUTING_KEY" };
const OPSGENIE = { apiKeySecret: "API_KEY" };
const SLACK = { urlSecret: "SLACK_URL" };
const WEBHOOK = { url: "https://ops.example/alerts", secrets: ["ALERTS_SECRET"] };

// A configuration in JavaScript may contain anything.
const receivers = {
  pagerduty: (more: object) => pagerDuty({ ...PAGERDUTY, ...more } as never),
  opsgenie: (more: object) => opsgenie({ ...OPSGENIE, ...more } as never),
  slack: (more: object) => slack({ ...SLACK, ...more } as never),
  webhook: (more: object) => webhookAlerts({ ...WEBHOOK, ...more } as never),
};

describe("the receivers of alerts", () => {
  it("have a name and severities, and name their secrets", () => {
    const { alerts } = configWith(Object.values(receivers).map((create) => create({})));
    expect(alerts?.to.map(({ type, name, severities, secrets }) => [type, name, severities, secrets])).toEqual([
      ["pagerduty", "pagerduty", ["page", "ticket"], ["ROUTING_KEY"]],
      ["opsgenie", "opsgenie", ["page", "ticket"], ["API_KEY"]],
      ["slack", "slack", ["page", "ticket"], ["SLACK_URL"]],
      ["webhook", "webhook", ["page", "ticket"], ["ALERTS_SECRET"]],
    ]);
  });

  it("may be several of one type, with names of their own", () => {
    const both = [slack(SLACK), slack({ urlSecret: "OTHER_URL", name: "slack_heartbeat", severities: ["none"] })];
    expect(configWith(both).alerts?.to.map(({ name }) => name)).toEqual(["slack", "slack_heartbeat"]);
    expect(() => configWith([slack(SLACK), slack({ urlSecret: "OTHER_URL" })])).toThrow(
      'tidemark.config.ts: alerts.to[1].name: expected a name that no other receiver has; given "slack"',
    );
  });

  it("accept every setting", () => {
    configWith([
      pagerDuty({
        ...{ routingKeySecret: "ROUTING_KEY", url: "https://events.eu.pagerduty.com/v2/enqueue", component: "edge" },
        ...{ severity: { page: "error", none: "info" }, name: "duty", severities: ["page"] },
      }),
      opsgenie({
        ...{ apiKeySecret: "API_KEY", url: "https://api.eu.opsgenie.com", team: "Data & Web" },
        ...{ priority: { page: "P2", ticket: "P4" } },
      }),
      webhookAlerts({ url: "http://localhost:9000/alerts?x=1", secrets: ["NEW", "OLD"], severities: ["none"] }),
    ]);
  });

  it.each([
    ["pagerduty", { routingKeySecret: undefined }, "routingKeySecret: expected the name of an environment variable"],
    ["pagerduty", { routing_key: "hidden" }, "routing_key: expected no fields but routingKeySecret, url,"],
    ["pagerduty", { url: "http://events.pagerduty.com" }, "url: expected an address that begins with https://"],
    ["pagerduty", { severity: { page: "P1" } }, "severity.page: expected one of critical, error, warning, info"],
    ["pagerduty", { severity: { sev1: "critical" } }, "severity.sev1: expected one of page, ticket, none"],
    ["pagerduty", { severity: "critical" }, "severity: expected an object with page, ticket, none"],
    ["pagerduty", { component: "" }, "component: expected a text of at most 100 characters of ASCII"],
    ["opsgenie", { priority: { page: "critical" } }, "priority.page: expected one of P1, P2, P3, P4, P5"],
    ["opsgenie", { team: "" }, "team: expected the name of a team, of at most 100 characters"],
    ["opsgenie", { url: "https://api.opsgenie.com?x" }, "url: expected an address that begins with https://"],
    ["opsgenie", { region: "eu" }, "region: expected no fields but apiKeySecret, url,"],
    ["slack", { urlSecret: 3 }, "urlSecret: expected the name of an environment variable, such as SLACK_WEBHOOK_URL"],
    ["slack", { channel: "#ops" }, "channel: expected no fields but urlSecret, name, severities"],
    ["webhook", { url: "https://user:hidden@ops.example" }, "url: expected an address that begins with https://"],
    ["webhook", { secrets: [] }, "secrets: expected 1 to 4 names of secrets, in an array, the newest first"],
    ["webhook", { secrets: "ALERTS_SECRET" }, "secrets: expected 1 to 4 names of secrets, in an array"],
    ["webhook", { secrets: ["A", "A"] }, "secrets: expected each name once"],
    ["webhook", { name: "Ops Desk" }, "name: expected a name in snake_case of at most 32 characters"],
    ["webhook", { severities: [] }, "severities: expected an array of page, ticket, none"],
    ["webhook", { severities: ["critical"] }, "severities: expected an array of page, ticket, none"],
  ] as const)("%s has an error that names the field: %j", (type, more, error) =>
    expect(() => configWith([receivers[type](more)])).toThrow(`tidemark.config.ts: alerts.to[0].${error}`),
  );

  it.each([
    [() => receivers.pagerduty({ routingKeySecret: "hidden0123456789" })],
    [() => receivers.opsgenie({ apiKeySecret: "hidden-key" })],
    [() => receivers.slack({ urlSecret: "https://hooks.slack.com/hidden" })],
    [() => receivers.webhook({ secrets: ["whsec_hidden"] })],
    [() => receivers.webhook({ url: "http://ops.example/hidden" })],
  ])("quote no value that may be a secret", (create) => {
    expect(() => configWith([create()])).toThrow("alerts.to[0].");
    try {
      configWith([create()]);
    } catch (error) {
      expect((error as Error).message).not.toContain("hidden");
    }
  });

  it("are receivers of the package, at most 8, with secrets that are no keys of the collector", () => {
    expect(() => configWith([{} as AlertReceiver])).toThrow("a receiver of @tidemark/collector/alerts, such as");
    expect(() => configWith("slack" as never)).toThrow("alerts.to: expected an array of at most 8 receivers");
    const nine = Array.from({ length: 9 }, (_, index) => slack({ ...SLACK, name: `slack_${index}` }));
    expect(() => configWith(nine)).toThrow("alerts.to: expected an array of at most 8 receivers; given 9");
    expect(() => configWith([opsgenie({ apiKeySecret: "ADMIN_KEY" })])).toThrow(
      "alerts.to: expected secrets that are no keys of the collector",
    );
  });

  it("that are webhooks have secrets of the form of webhooks, which a local deployment generates", () => {
    expect(webhookSecretNamesOf(configWith([webhookAlerts(WEBHOOK), slack(SLACK)]))).toEqual(["ALERTS_SECRET"]);
  });
});
