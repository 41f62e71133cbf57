import { Webhook } from "standardwebhooks";
import type { Sink } from "../../../src/sinks/sink.ts";
import { webhookSink } from "../../../src/sinks/webhook.ts";
import { eventRecord } from "../kafka/records.ts";
import type { ContractMember } from "./contract-target.ts";
import { type HttpFake, startHttpTarget } from "./http-target.ts";

const SECRET = `whsec_${Buffer.alloc(32, "w").toString("base64")}`;

/** A receiver of webhooks, which takes each message once. */
export const createFakeReceiver = (secret: string): HttpFake => {
  const stored: string[] = [];
  const messages = new Map<string, string>();
  return {
    async respond(request) {
      const { method, headers } = request;
      if (method !== "POST" || headers.get("content-type") !== "application/json") throw new Error("no JSON by POST");
      const body = await request.text();
      new Webhook(secret).verify(body, Object.fromEntries(headers));
      const records = JSON.parse(body) as { id: string; event: { session_id: string } }[];
      if (records.some(({ event }) => event.session_id === "refused")) return new Response(null, { status: 422 });
      const id = `${headers.get("webhook-id")}`;
      const known = messages.get(id);
      if (known !== undefined && known !== body) throw new Error(`another message with the id ${id}`);
      if (known === undefined) stored.push(...records.map((record) => record.id));
      messages.set(id, body);
      return new Response(null, { status: 204 });
    },
    unavailable: () => new Response(null, { status: 503 }),
    stored: () => stored,
  };
};

/** A webhook. */
export const webhookMember: ContractMember = {
  name: "a webhook",
  secrets: ["HOOK_SECRET"],
  refusedRecord: (seq) => eventRecord("refused", seq),
  ...{ refusesAlone: true, failsAlone: false, asksForTime: true },
  async start() {
    const receiver = createFakeReceiver(SECRET);
    const server = await startHttpTarget(receiver);
    const to = webhookSink({ url: `${server.origin}/hook`, secrets: ["HOOK_SECRET"] });
    const sink = (await to.create({ sink: "hook", features: [] })) as Sink;
    return { ...receiver, ...server, sink, env: { HOOK_SECRET: SECRET } };
  },
};
