import { describe, expect, it } from "vitest";
import captured from "./alertmanager-requests.json" with { type: "json" };
import { type FakeReceiver, fakeOpsgenie, fakePagerDuty, fakeSlack } from "./fake-receivers.ts";

const KEY = "0123456789abcdef0123456789abcdef";

const fakes = {
  pagerduty: { create: () => fakePagerDuty(KEY), isFor: "/v2/enqueue" },
  opsgenie: { create: () => fakeOpsgenie("k-123"), isFor: "/v2/alerts" },
  slack: { create: () => fakeSlack("/services/T0/B0/x"), isFor: "/services/" },
};

/** Sends a captured request, with a change of its body. */
const send = (fake: FakeReceiver, request: (typeof captured.requests)[number], change: object = {}) =>
  fake.handle(
    new Request(new URL(request.path, fake.url), {
      method: "POST",
      headers: {
        "content-type": request.contentType,
        ...(request.authorization && { authorization: request.authorization }),
      },
      body: JSON.stringify({ ...request.body, ...change }),
    }),
  );

const requestsFor = (path: string) => captured.requests.filter((request) => request.path.startsWith(path));

const firstOf = (path: string) => requestsFor(path)[0] as (typeof captured.requests)[number];

describe.each(Object.entries(fakes))("the fake of %s", (name, { create, isFor }) => {
  it("accepts the requests of a real Alertmanager, and no alert fires after them", async () => {
    const fake = create();
    const statuses = [];
    for (const request of requestsFor(isFor)) statuses.push((await send(fake, request)).status);
    expect(statuses).toEqual([1, 2, 3].map(() => (name === "slack" ? 200 : 202)));
    expect([...fake.firing]).toEqual([]);
  });

  it("refuses an unknown field, and no request without a body", async () => {
    const fake = create();
    expect((await send(fake, firstOf(isFor), { colour: "red" })).status).toBeGreaterThanOrEqual(400);
    const request = { ...firstOf(isFor), contentType: "text/plain" };
    expect((await send(fake, request)).status).toBeGreaterThanOrEqual(400);
    expect([fake.accepted, fake.firing.size]).toEqual([0, 0]);
  });
});

describe("the fakes", () => {
  it.each([
    ["pagerduty", { dedup_key: "k".repeat(256) }],
    ["pagerduty", { event_action: "close" }],
    ["pagerduty", { payload: undefined }],
    ["pagerduty", { payload: { summary: "", source: "tidemark", severity: "critical" } }],
    ["pagerduty", { payload: { summary: "x".repeat(1_025), source: "tidemark", severity: "critical" } }],
    ["pagerduty", { payload: { summary: "x", source: "tidemark", severity: "page" } }],
    ["pagerduty", { payload: { summary: "x", severity: "info" } }],
    ["pagerduty", { routing_key: "short" }],
    ["pagerduty", { links: [{ href: "runbooks", text: "Runbook" }] }],
    ["opsgenie", { message: "" }],
    ["opsgenie", { message: "m".repeat(131) }],
    ["opsgenie", { alias: "a".repeat(513) }],
    ["opsgenie", { priority: "P0" }],
    ["opsgenie", { tags: ["t".repeat(51)] }],
    ["opsgenie", { details: { value: 3 } }],
    ["opsgenie", { details: { value: "v".repeat(8_001) } }],
    ["opsgenie", { source: "s".repeat(101) }],
    ["slack", { attachments: undefined }],
    ["slack", { text: "t".repeat(40_001) }],
    ["slack", { attachments: [{ color: "red" }] }],
  ] as const)("refuse what the service %s refuses: %j", async (name, change) => {
    const { create, isFor } = fakes[name];
    const fake = create();
    expect((await send(fake, firstOf(isFor), change)).status).toBeGreaterThanOrEqual(400);
    expect(fake.accepted).toBe(0);
  });
});
