import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AlertReceiver } from "../../../src/alert-receiver.ts";
import type { Notification } from "../../../src/monitor/notification.ts";
import { AFTER_REFUSAL_MS, MAX_CALLS, NOTIFY_WITHIN_MS } from "../../../src/monitor/notify/calls.ts";
import { opsgenie, pagerDuty, slack, webhookAlerts } from "../../../src/monitor/notify/index.ts";
import { type FakeReceiver, fakeOpsgenie, fakePagerDuty, fakeSlack, fakeWebhook } from "./fake-receivers.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const SLACK_PATH = "/services/T00000000/B00000000/hidden00hidden00hidden00";
const SIGNING = `whsec_${btoa("a signing secret of 32 bytes...!")}`;

const secrets = {
  ROUTING_KEY: KEY,
  API_KEY: "opsgenie-key-00000000",
  SLACK_URL: `https://hooks.slack.com${SLACK_PATH}`,
  SIGNING,
};

interface Case {
  receiver: AlertReceiver;
  create(): FakeReceiver;
  /** The alert as its users see it. */
  shown(message: Notification): string;
}

const cases: Record<string, Case> = {
  pagerduty: {
    receiver: pagerDuty({ routingKeySecret: "ROUTING_KEY" }),
    create: () => fakePagerDuty(KEY),
    shown: ({ key }) => key,
  },
  opsgenie: {
    receiver: opsgenie({ apiKeySecret: "API_KEY", team: "data" }),
    create: () => fakeOpsgenie(secrets.API_KEY),
    shown: ({ key }) => key,
  },
  slack: {
    receiver: slack({ urlSecret: "SLACK_URL" }),
    create: () => fakeSlack(SLACK_PATH),
    shown: ({ summary }) => summary,
  },
  webhook: {
    receiver: webhookAlerts({ url: "https://ops.example/hooks/alerts", secrets: ["SIGNING"] }),
    create: () => fakeWebhook(SIGNING),
    shown: ({ key }) => key,
  },
};

const SINCE = Date.UTC(2026, 10, 30, 4, 56, 54);

const firing = (site: string, more: Partial<Notification> = {}): Notification => ({
  ...{ key: `TidemarkLogStale{site="${site}"}`, alert: "TidemarkLogStale", severity: "page", state: "firing" },
  ...{ summary: `The log of site ${site} is stale.`, labels: { site }, value: 901.5, since: SINCE },
  ...{ runbook: "https://tidemark.example/runbooks#tidemarklogstale" },
  ...more,
});

const resolved = (message: Notification): Notification => ({
  ...message,
  ...{ state: "resolved", value: null, until: SINCE + 240_000 },
});

const isSent = vi.fn<typeof fetch>();

/** Answers requests by a function, and returns those that it got. */
const answer = (respond: (url: string, init: RequestInit) => Promise<Response>): string[] => {
  const bodies: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    isSent(url, init);
    bodies.push(`${init?.body}`);
    return respond(`${url}`, init as RequestInit);
  });
  return bodies;
};

const ask = (fake: FakeReceiver, url: string, init: RequestInit): Promise<Response> =>
  fake.handle(new Request(url, init));

const logged = vi.fn();

beforeEach(() => {
  for (const level of ["error", "warn", "info", "log"] as const)
    vi.spyOn(console, level).mockImplementation((...line) => {
      logged(...line);
    });
});

afterEach(() => {
  // No log ever has a secret.
  const lines = JSON.stringify(logged.mock.calls);
  for (const secret of [...Object.values(secrets), SLACK_PATH]) expect(lines).not.toContain(secret);
  logged.mockClear();
  isSent.mockClear();
  vi.restoreAllMocks();
});

describe.each(Object.entries(cases))("%s", (_, { receiver, create, shown }) => {
  const serve = () => {
    const fake = create();
    const bodies = answer((url, init) => ask(fake, url, init));
    return { fake, bodies };
  };

  const notify = async (messages: readonly Notification[], env: object = secrets) =>
    (await receiver.create(env)).notify(messages);

  const keys = (messages: readonly Notification[]) => messages.map(({ key }) => key);

  it("gets an alert that fires, again when it is repeated, and that it is resolved", async () => {
    const { fake } = serve();
    const message = firing("shop");
    expect(await notify([message])).toEqual({ accepted: true, detail: "accepted 1 of 1 messages" });
    expect([...fake.firing]).toEqual([shown(message)]);
    await notify([message]);
    expect([...fake.firing]).toEqual([shown(message)]);
    await notify([resolved(message)]);
    expect([...fake.firing]).toEqual([]);
    expect([fake.accepted, fake.refused]).toEqual([3, 0]);
  });

  it("gets alerts of a round together, some of which are resolved", async () => {
    const { fake } = serve();
    const messages = ["a", "b", "c"].map((site) => firing(site));
    const other = firing("a", {
      alert: "TidemarkSinkDown",
      key: "sink",
      summary: "Sink orders fails.",
      severity: "ticket",
    });
    await notify([...messages, other]);
    expect([...fake.firing].sort()).toEqual([...messages, other].map(shown).sort());
    const outcome = await notify([...messages.map(resolved), other]);
    expect(outcome.accepted).toBe(true);
    expect([...fake.firing]).toEqual([shown(other)]);
    expect(fake.refused).toBe(0);
  });

  it("accepts an alert without a runbook, and shows none", async () => {
    const { fake, bodies } = serve();
    const { runbook: _, ...message } = firing("shop");
    expect(await notify([message])).toMatchObject({ accepted: true });
    expect([...fake.firing]).toEqual([shown(message)]);
    expect(JSON.stringify(bodies)).not.toMatch(/runbook|undefined/i);
  });

  it("accepts hostile values of labels", async () => {
    const { fake, bodies } = serve();
    const hostile = [
      `<!channel> <https://evil.example|pay> & "quoted" \\ 'x' \`code\` *bold*`,
      "a\nb\r\tc\u0000\u001b[31m\u202eevil\u2066",
      "\ud83d half \udc00",
      "x".repeat(100_000),
      "../../close?identifierType=id#",
      "",
      "😀".repeat(2_000),
      "__proto__",
    ];
    const messages = hostile.map((value) =>
      firing(value, { labels: { site: value, release: value, [value || "empty"]: value }, summary: `Site ${value}.` }),
    );
    expect(await notify(messages)).toMatchObject({ accepted: true });
    expect(fake.refused).toBe(0);
    const before = fake.firing.size;
    expect(before).toBeGreaterThan(0);
    await notify(messages.map(resolved));
    expect([...fake.firing]).toEqual([]);
    expect(fake.refused).toBe(0);
    for (const body of bodies) expect(body.length).toBeLessThan(receiver.type === "webhook" ? 2_000_000 : 50_000);
  });

  it("gets nothing without its secret, and the outcome names it", async () => {
    serve();
    for (const env of [{}, Object.fromEntries(Object.keys(secrets).map((name) => [name, ""]))]) {
      const outcome = await notify([firing("shop")], env);
      expect(outcome).toMatchObject({ accepted: false, afterMs: AFTER_REFUSAL_MS });
      expect(outcome.detail).toBe(`the secret ${receiver.secrets[0]} is not set`);
    }
    expect(isSent).not.toHaveBeenCalled();
  });

  it("gets nothing with a secret of another form, which the outcome does not quote", async () => {
    serve();
    for (const wrong of ["hidden value\n", "hidden\u00e9"]) {
      const env = Object.fromEntries(Object.keys(secrets).map((name) => [name, wrong]));
      const outcome = await notify([firing("shop")], env);
      expect(outcome).toMatchObject({ accepted: false, detail: expect.stringContaining(`${receiver.secrets[0]}`) });
      expect(outcome.detail).not.toContain("hidden");
    }
    expect(isSent).not.toHaveBeenCalled();
  });

  it.each([
    [429, { "retry-after": "120" }, 120_000],
    [429, {}, receiver.type === "webhook" ? undefined : 30_000],
    [503, { "retry-after": "20" }, 20_000],
    [500, {}, undefined],
    [502, {}, undefined],
    [408, {}, undefined],
  ])("is called later after status %d with %j", async (status, headers, afterMs) => {
    answer(async () => new Response("<html>no</html>", { status, headers }));
    const outcome = await notify([firing("a"), firing("b")]);
    expect(outcome).toMatchObject({ accepted: false, notified: [] });
    expect(outcome.detail).toBe(`the receiver responded with status ${status}`);
    expect(outcome.afterMs).toBe(afterMs);
  });

  it.each([400, 401, 403, 404, 410, 422, 301])("is called at a slow pace after status %d", async (status) => {
    answer(async () => new Response(`no: ${Object.values(secrets).join(" ")} ${SLACK_PATH}`, { status }));
    const outcome = await notify([firing("shop")]);
    expect(outcome).toMatchObject({ accepted: false, detail: expect.stringContaining(`status ${status}`) });
    expect(outcome.afterMs).toBe(receiver.type === "webhook" && status === 301 ? undefined : AFTER_REFUSAL_MS);
    for (const secret of [...Object.values(secrets), SLACK_PATH])
      if (receiver.secrets.some((name) => `${secrets[name as keyof typeof secrets]}`.includes(secret)))
        expect(outcome.detail).not.toContain(secret);
  });

  it("follows no redirect", async () => {
    const requests: (RequestInit | undefined)[] = [];
    answer(async (_, init) => {
      requests.push(init);
      return new Response(null, { status: 307, headers: { location: "https://evil.example" } });
    });
    expect((await notify([firing("shop")])).accepted).toBe(false);
    expect(requests.map((init) => init?.redirect)).toEqual(["manual"]);
  });

  it("is called later when it cannot be reached", async () => {
    answer(async () => {
      throw new TypeError(`fetch failed: ${secrets.SLACK_URL} ${KEY}`);
    });
    const outcome = await notify([firing("shop")]);
    expect(outcome).toEqual({ accepted: false, detail: "the receiver could not be reached", notified: [] });
  });

  it("has bounded time for a response, and for a round", async () => {
    const times: number[] = [];
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      times.push(ms);
      return AbortSignal.abort(new DOMException("late", "TimeoutError"));
    });
    answer((_, { signal }) => new Promise((_, reject) => (signal?.aborted ? reject(signal.reason) : undefined)));
    const outcome = await notify([firing("shop")]);
    expect(outcome.accepted).toBe(false);
    expect(Math.max(...times)).toBe(NOTIFY_WITHIN_MS);
    expect(NOTIFY_WITHIN_MS).toBeLessThan(8_000);
  });

  it("ends a request that gets no response", async () => {
    const real = AbortSignal.timeout.bind(AbortSignal);
    const timeout = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => real(ms / 100));
    answer(
      (_, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    );
    const outcome = await notify([firing("shop")]);
    expect(outcome).toEqual({ accepted: false, detail: "the receiver did not respond in time", notified: [] });
    expect(timeout).toHaveBeenCalledWith(5_000);
  });

  it("ends its requests when the time of the round is over", async () => {
    const real = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => real(ms === NOTIFY_WITHIN_MS ? 50 : 60_000));
    answer(
      (_, { signal }) => new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    );
    const outcome = await notify([firing("shop")]);
    expect(outcome).toEqual({ accepted: false, detail: "the receiver did not respond in time", notified: [] });
  });

  it("gets a large round in parts, and the outcome names the messages that it has", async () => {
    const { fake } = serve();
    const messages = Array.from({ length: 150 }, (_, index) => firing(`s${index}`, { alert: `Alert${index}` }));
    const seen = new Set<string>();
    let left = messages;
    for (let round = 0; round < 3; round++) {
      const outcome = await notify(left);
      // The others follow in the next round, however many rounds it takes.
      expect([outcome.accepted, outcome.afterMs]).toEqual(round === 2 ? [true, undefined] : [false, 0]);
      for (const key of outcome.accepted ? keys(left) : (outcome.notified ?? [])) seen.add(key);
      left = left.filter(({ key }) => !seen.has(key));
    }
    expect(seen.size).toBe(150);
    expect(fake.accepted).toBe(150);
    expect(MAX_CALLS).toBe(60);
  });

  it("keeps the messages that arrived before a failure", async () => {
    const fake = create();
    let count = 0;
    answer((url, init) => (++count > 6 ? Promise.resolve(new Response(null, { status: 500 })) : ask(fake, url, init)));
    const messages = Array.from({ length: 20 }, (_, index) => firing(`s${index}`, { alert: `Alert${index}` }));
    const outcome = await notify(messages);
    expect(outcome).toMatchObject({ accepted: false, notified: keys(messages).slice(0, 6) });
    // Those in the air at the failure end, and no further one begins.
    expect(count).toBe(8);
  });
});

describe("PagerDuty", () => {
  it("gets an event with the summary, the severity and the runbook", async () => {
    const fake = fakePagerDuty(KEY);
    answer((url, init) => ask(fake, url, init));
    const receiver = pagerDuty({ routingKeySecret: "ROUTING_KEY", severity: { ticket: "error" } });
    const notifier = await receiver.create(secrets);
    await notifier.notify([firing("shop")]);
    expect(fake.latest).toEqual({
      routing_key: KEY,
      event_action: "trigger",
      dedup_key: 'TidemarkLogStale{site="shop"}',
      client: "Tidemark",
      payload: {
        summary: "TidemarkLogStale: The log of site shop is stale.",
        source: "shop",
        severity: "critical",
        timestamp: "2026-11-30T04:56:54.000Z",
        component: "collector",
        group: "shop",
        class: "TidemarkLogStale",
        custom_details: { site: "shop", value: 901.5, runbook: "https://tidemark.example/runbooks#tidemarklogstale" },
      },
      links: [{ href: "https://tidemark.example/runbooks#tidemarklogstale", text: "Runbook of TidemarkLogStale" }],
    });
    await notifier.notify([firing("shop", { severity: "ticket" })]);
    expect(fake.latest).toMatchObject({ payload: { severity: "error" } });
    await notifier.notify([firing("shop", { severity: "none", labels: {} })]);
    expect(fake.latest).toMatchObject({ payload: { severity: "info", source: "tidemark", group: "tidemark" } });
  });

  it("refuses a wrong key, which the outcome does not quote", async () => {
    const fake = fakePagerDuty("f".repeat(32));
    answer((url, init) => ask(fake, url, init));
    const outcome = await (await pagerDuty({ routingKeySecret: "ROUTING_KEY" }).create(secrets)).notify([
      firing("shop"),
    ]);
    expect(outcome.detail).toBe(
      "the receiver responded with status 400: Event object is invalid; 'routing_key' (secret) is invalid",
    );
  });

  it("has the address of its region", async () => {
    const addresses: string[] = [];
    answer(async (url) => {
      addresses.push(url);
      return new Response(null, { status: 202 });
    });
    const url = "https://events.eu.pagerduty.com/v2/enqueue";
    await (await pagerDuty({ routingKeySecret: "ROUTING_KEY", url }).create(secrets)).notify([firing("shop")]);
    await (await pagerDuty({ routingKeySecret: "ROUTING_KEY" }).create(secrets)).notify([firing("shop")]);
    expect(addresses).toEqual([url, "https://events.pagerduty.com/v2/enqueue"]);
  });

  it("has different keys for long keys with an equal beginning", async () => {
    const fake = fakePagerDuty(KEY);
    answer((url, init) => ask(fake, url, init));
    const long = ["a", "b"].map((end) => firing("shop", { key: `${"k".repeat(400)}${end}` }));
    await (await pagerDuty({ routingKeySecret: "ROUTING_KEY" }).create(secrets)).notify(long);
    expect(fake.firing.size).toBe(2);
  });
});

describe("Opsgenie", () => {
  it("gets an alert with a priority, a team and details, at the address of its region", async () => {
    const fake = fakeOpsgenie(secrets.API_KEY);
    const addresses: string[] = [];
    answer((url, init) => {
      addresses.push(url);
      return ask(fake, url, init);
    });
    const settings = { apiKeySecret: "API_KEY", url: "https://api.eu.opsgenie.com/", team: "data" };
    const notifier = await opsgenie({ ...settings, priority: { ticket: "P2" } }).create(secrets);
    const message = firing("shop", { severity: "ticket" });
    await notifier.notify([message]);
    expect(fake.latest).toEqual({
      message: "TidemarkLogStale: The log of site shop is stale.",
      alias: 'TidemarkLogStale{site="shop"}',
      description:
        "The log of site shop is stale.\nSince 2026-11-30 04:56:54 UTC.\nRunbook: https://tidemark.example/runbooks#tidemarklogstale",
      responders: [{ name: "data", type: "team" }],
      tags: ["tidemark", "TidemarkLogStale"],
      source: "Tidemark",
      details: { site: "shop", value: "901.5", runbook: "https://tidemark.example/runbooks#tidemarklogstale" },
      entity: "shop",
      priority: "P2",
    });
    await notifier.notify([resolved(message)]);
    expect(fake.latest).toEqual({ source: "Tidemark", note: "Resolved at 2026-11-30 05:00:54 UTC." });
    expect(addresses).toEqual([
      "https://api.eu.opsgenie.com/v2/alerts",
      "https://api.eu.opsgenie.com/v2/alerts/TidemarkLogStale%7Bsite%3D%22shop%22%7D/close?identifierType=alias",
    ]);
  });

  it("says which field it refuses", async () => {
    answer(async () =>
      Response.json({ message: "Not processable.", errors: { message: "must not be empty" } }, { status: 422 }),
    );
    const outcome = await (await opsgenie({ apiKeySecret: "API_KEY" }).create(secrets)).notify([firing("shop")]);
    expect(outcome.detail).toBe("the receiver responded with status 422: Not processable.; message: must not be empty");
  });
});

describe("Slack", () => {
  const send = async (messages: readonly Notification[]) => {
    const fake = fakeSlack(SLACK_PATH);
    const bodies = answer((url, init) => ask(fake, url, init));
    await (await slack({ urlSecret: "SLACK_URL" }).create(secrets)).notify(messages);
    return bodies.map((body) => JSON.parse(body));
  };

  it("gets one message for each alert, with what fires before what is resolved", async () => {
    const [body, ...others] = await send([resolved(firing("a")), firing("b")]);
    expect(others).toEqual([]);
    expect(body).toEqual({
      text: "TidemarkLogStale: 1 firing, 1 resolved",
      mrkdwn: false,
      attachments: [
        {
          color: "danger",
          title: "TidemarkLogStale",
          title_link: "https://tidemark.example/runbooks#tidemarklogstale",
          text: [
            "Firing: The log of site b is stale. (since 2026-11-30 04:56:54 UTC)",
            "Resolved: The log of site a is stale. (at 2026-11-30 05:00:54 UTC)",
          ].join("\n"),
          fallback: "TidemarkLogStale: 1 firing, 1 resolved",
          mrkdwn_in: [],
        },
      ],
    });
    expect((await send([resolved(firing("a"))]))[0].attachments[0].color).toBe("good");
    expect((await send([firing("a", { severity: "ticket" })]))[0].attachments[0].color).toBe("warning");
  });

  it("gets no control characters of its format from a value", async () => {
    const [body] = await send([firing("shop", { summary: "<!channel> & <https://evil.example|here>" })]);
    expect(body.attachments[0].text).toContain("&lt;!channel&gt; &amp; &lt;https://evil.example|here&gt;");
    expect(JSON.stringify(body)).not.toMatch(/[<>]/);
  });

  it("gets a message of bounded length about many alerts", async () => {
    const messages = Array.from({ length: 300 }, (_, index) => firing(`s${index}`, { summary: "&".repeat(2_000) }));
    const [body, ...others] = await send(messages);
    expect(others).toEqual([]);
    expect(body.text).toBe("TidemarkLogStale: 300 firing");
    const lines = body.attachments[0].text.split("\n");
    expect([lines.length, lines.at(-1)]).toEqual([21, "and 280 more"]);
    expect(body.attachments[0].text.length).toBeLessThan(40_000);
  });

  it("gets nothing at an address without encryption, which the outcome does not quote", async () => {
    answer(async () => new Response("ok"));
    const env = { SLACK_URL: "http://hooks.slack.com/hidden" };
    const outcome = await (await slack({ urlSecret: "SLACK_URL" }).create(env)).notify([firing("shop")]);
    expect(outcome.detail).toBe("the secret SLACK_URL is not an address that begins with https://");
    expect(isSent).not.toHaveBeenCalled();
  });
});

describe("a signed webhook", () => {
  it("gets a repeated attempt with the same id, and a reminder with another one", async () => {
    const fake = fakeWebhook(SIGNING);
    answer((url, init) => ask(fake, url, init));
    const clock = vi.spyOn(Date, "now");
    const start = Math.floor(Date.now() / 300_000) * 300_000;
    const receiver = webhookAlerts({ url: fake.url, secrets: ["SIGNING"] });
    const notifier = await receiver.create(secrets);
    for (const later of [1_000, 11_000, 301_000]) {
      clock.mockReturnValue(start + later);
      await notifier.notify([firing("shop")]);
    }
    await notifier.notify([resolved(firing("shop"))]);
    clock.mockRestore();
    const [first, second, third, fourth] = fake.ids;
    expect(second).toBe(first);
    expect(new Set([first, third, fourth]).size).toBe(3);
    expect(fake.latest).toMatchObject({
      type: "alert.changed",
      data: {
        ...{ alert: "TidemarkLogStale", severity: "page" },
        alerts: [{ key: 'TidemarkLogStale{site="shop"}', state: "resolved", until: "2026-11-30T05:00:54.000Z" }],
      },
    });
  });

  it("is signed by each secret", async () => {
    const other = `whsec_${btoa("another secret of 32 bytes.....!")}`;
    const settings = { url: "https://ops.example/hooks/alerts", secrets: ["NEW", "SIGNING"] };
    for (const secret of [other, SIGNING]) {
      const fake = fakeWebhook(secret);
      answer((url, init) => ask(fake, url, init));
      const notifier = await webhookAlerts(settings).create({ NEW: other, SIGNING });
      expect(await notifier.notify([firing("shop")])).toMatchObject({ accepted: true });
    }
  });
});
