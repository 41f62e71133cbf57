import { Webhook } from "standardwebhooks";
import * as z from "zod";
import { type Fake, textOf } from "../../sinks/serve-fake.ts";

/** A receiver that accepts only requests of the form that it documents. */
export interface FakeReceiver extends Fake {
  /** Keys of the alerts that fire for its users. */
  readonly firing: Set<string>;
  /** Number of accepted requests. */
  accepted: number;
  /** Number of refused requests. */
  refused: number;
  /** The body of the latest accepted request. */
  latest: unknown;
}

const json = (status: number, body: object) => Response.json(body, { status });

const bodyIn = async (request: Request): Promise<unknown> => {
  if (request.method !== "POST" || !request.headers.get("content-type")?.startsWith("application/json"))
    return undefined;
  const text = await textOf(request);
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const pathOf = (request: Request) => new URL(request.url).pathname;

/** One line without control characters, of 1 to a number of characters. */
const line = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u);

const routingKey = z.string().regex(/^[A-Za-z0-9]{32}$/);
const dedupKey = z.string().min(1).max(255);

const pagerDutyPayload = z.strictObject({
  summary: line(1_024),
  source: line(255),
  severity: z.enum(["critical", "error", "warning", "info"]),
  timestamp: z.iso.datetime().optional(),
  component: z.string().optional(),
  group: z.string().optional(),
  class: z.string().optional(),
  custom_details: z.record(z.string(), z.unknown()).optional(),
});

const pagerDutyEvent = z.strictObject({
  routing_key: routingKey,
  event_action: z.enum(["trigger", "acknowledge", "resolve"]),
  dedup_key: dedupKey.optional(),
  payload: pagerDutyPayload.optional(),
  client: z.string().optional(),
  client_url: z.url().optional(),
  links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
  images: z.array(z.strictObject({ src: z.url(), href: z.url().optional(), alt: z.string().optional() })).optional(),
});

/** Largest event of PagerDuty, in bytes. */
const MAX_EVENT_BYTES = 524_288;

/** PagerDuty's Events API v2. */
export const fakePagerDuty = (key: string): FakeReceiver => ({
  ...{ url: "https://events.pagerduty.com/v2/enqueue", firing: new Set(), accepted: 0, refused: 0, latest: undefined },
  async handle(request) {
    const refuse = (...errors: string[]) => {
      this.refused++;
      return json(400, { status: "invalid event", message: "Event object is invalid", errors });
    };
    if (pathOf(request) !== "/v2/enqueue") return new Response("not found", { status: 404 });
    const body = await bodyIn(request);
    const { success, data, error } = pagerDutyEvent.safeParse(body);
    if (!success) return refuse(...error.issues.map(({ path, message }) => `'${path.join(".")}': ${message}`));
    if (JSON.stringify(body).length > MAX_EVENT_BYTES) return refuse("the event is too large");
    if (data.event_action === "trigger" && !data.payload) return refuse("'payload' is missing");
    if (data.event_action !== "trigger" && !data.dedup_key) return refuse("'dedup_key' is missing");
    if (data.routing_key !== key) return refuse(`'routing_key' ${data.routing_key} is invalid`);
    if (data.event_action === "trigger") this.firing.add(data.dedup_key ?? crypto.randomUUID());
    if (data.event_action === "resolve") this.firing.delete(data.dedup_key ?? "");
    this.accepted++;
    this.latest = body;
    return json(202, { status: "success", message: "Event processed", dedup_key: data.dedup_key });
  },
});

const opsgenieAlert = z.strictObject({
  message: line(130),
  alias: z.string().min(1).max(512).optional(),
  description: z.string().max(15_000).optional(),
  responders: z
    .array(
      z.strictObject({
        type: z.enum(["team", "user", "escalation", "schedule"]),
        name: z.string().optional(),
        id: z.string().optional(),
        username: z.string().optional(),
      }),
    )
    .max(50)
    .optional(),
  actions: z.array(z.string().max(50)).max(10).optional(),
  tags: z.array(z.string().max(50)).max(20).optional(),
  details: z.record(z.string(), z.string()).optional(),
  entity: z.string().max(512).optional(),
  source: z.string().max(100).optional(),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]).optional(),
  user: z.string().max(100).optional(),
  note: z.string().max(25_000).optional(),
});

const opsgenieClosing = z.strictObject({
  user: z.string().max(100).optional(),
  source: z.string().max(100).optional(),
  note: z.string().max(25_000).optional(),
});

/** Largest sum of the lengths of keys and values in the details of an alert of Opsgenie. */
const MAX_DETAILS = 8_000;

/** Opsgenie's alert API. */
export const fakeOpsgenie = (key: string): FakeReceiver => ({
  ...{ url: "https://api.opsgenie.com", firing: new Set(), accepted: 0, refused: 0, latest: undefined },
  async handle(request) {
    const took = { took: 0.001, requestId: crypto.randomUUID() };
    const refuse = (errors: Record<string, string>) => {
      this.refused++;
      return json(422, { message: "Request body is not processable. Please check the errors.", errors, ...took });
    };
    const given = request.headers.get("authorization");
    if (given !== `GenieKey ${key}`) {
      this.refused++;
      return json(403, { message: `Could not authenticate: ${given}`, ...took });
    }
    const body = await bodyIn(request);
    const [, , , alias] = /^\/(v2)\/(alerts)(?:\/([^/]+)\/close)?$/.exec(pathOf(request)) ?? [];
    const { data, error } = (alias === undefined ? opsgenieAlert : opsgenieClosing).safeParse(body);
    if (error) return refuse(Object.fromEntries(error.issues.map(({ path, message }) => [path.join("."), message])));
    if (alias === undefined) {
      const { alias: named = crypto.randomUUID(), details = {} } = data as z.infer<typeof opsgenieAlert>;
      if (Object.entries(details).flat().join("").length > MAX_DETAILS) return refuse({ details: "too long" });
      this.firing.add(named);
    } else {
      if (new URL(request.url).searchParams.get("identifierType") !== "alias")
        return refuse({ identifier: "not an id" });
      this.firing.delete(decodeURIComponent(alias));
    }
    this.accepted++;
    this.latest = body;
    return json(202, { result: "Request will be processed", ...took });
  },
});

const slackMessage = z.strictObject({
  text: z.string().max(40_000).optional(),
  channel: z.string().optional(),
  username: z.string().optional(),
  mrkdwn: z.boolean().optional(),
  attachments: z
    .array(
      z.strictObject({
        color: z
          .string()
          .regex(/^(good|warning|danger|#[\da-f]{6})$/i)
          .optional(),
        title: z.string().max(1_024).optional(),
        title_link: z.url().optional(),
        text: z.string().max(40_000).optional(),
        fallback: z.string().optional(),
        pretext: z.string().optional(),
        callback_id: z.string().optional(),
        footer: z.string().optional(),
        mrkdwn_in: z.array(z.enum(["fallback", "pretext", "text", "fields"])).optional(),
      }),
    )
    .max(100)
    .optional(),
});

/** An incoming webhook of Slack. Its alerts that fire are the lines that say so. */
export const fakeSlack = (path: string): FakeReceiver => ({
  ...{ url: `https://hooks.slack.com${path}`, firing: new Set(), accepted: 0, refused: 0, latest: undefined },
  async handle(request) {
    const refuse = (status: number, error: string) => {
      this.refused++;
      return new Response(error, { status });
    };
    if (pathOf(request) !== path) return refuse(404, `no_service: ${pathOf(request)}`);
    const body = await bodyIn(request);
    const { success, data } = slackMessage.safeParse(body);
    if (!success) return refuse(400, "invalid_payload");
    if (!data.text && !data.attachments?.length) return refuse(400, "no_text");
    for (const { text = "" } of data.attachments ?? [])
      for (const [, state, summary = ""] of text.matchAll(/^(Firing|Resolved): (.*) \((?:since|at) .* UTC\)$/gm))
        if (state === "Firing") this.firing.add(summary);
        else this.firing.delete(summary);
    this.accepted++;
    this.latest = body;
    return new Response("ok", { status: 200 });
  },
});

const alertMessage = z.strictObject({
  type: z.literal("alert.changed"),
  timestamp: z.iso.datetime(),
  data: z.strictObject({
    alert: z.string(),
    severity: z.enum(["page", "ticket", "none"]),
    runbook: z.url().optional(),
    alerts: z
      .array(
        z.strictObject({
          key: z.string().min(1),
          state: z.enum(["firing", "resolved"]),
          summary: z.string(),
          labels: z.record(z.string(), z.string()),
          value: z.number().nullable(),
          since: z.iso.datetime(),
          until: z.iso.datetime().optional(),
        }),
      )
      .min(1)
      .max(100),
  }),
});

/** A receiver of signed messages, which verifies them with the official library. */
export const fakeWebhook = (secret: string): FakeReceiver & { ids: string[] } => ({
  ...{ url: "https://ops.example/hooks/alerts", firing: new Set(), accepted: 0, refused: 0, latest: undefined },
  ids: [],
  async handle(request) {
    const text = await textOf(request);
    try {
      new Webhook(secret).verify(text, Object.fromEntries(request.headers));
    } catch {
      this.refused++;
      return new Response("wrong signature", { status: 401 });
    }
    const { success, data } = alertMessage.safeParse(JSON.parse(text));
    if (!success) {
      this.refused++;
      return new Response(null, { status: 422 });
    }
    this.ids.push(request.headers.get("webhook-id") ?? "");
    for (const { key, state } of data.data.alerts)
      if (state === "firing") this.firing.add(key);
      else this.firing.delete(key);
    this.accepted++;
    this.latest = data;
    return new Response(null, { status: 204 });
  },
});
