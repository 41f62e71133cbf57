import { Webhook } from "standardwebhooks";
import type { Sink } from "../../../src/sinks/sink.ts";
import { webhookSink } from "../../../src/sinks/webhook.ts";
import { eventRecord } from "../kafka/records.ts";
import type { ContractMember } from "./contract-target.ts";
import { startHttpTarget } from "./http-target.ts";

const SECRET = `whsec_${Buffer.alloc(32, "w").toString("base64")}`;

/** A receiver of webhooks, which takes each message once. */
export const webhookMember: ContractMember = {
  name: "a webhook",
  secrets: ["HOOK_SECRET"],
  refusedRecord: (seq) => eventRecord("refused", seq),
  refusesAlone: true,
  asksForTime: true,
  async start() {
    const stored: string[] = [];
    const messages = new Map<string, string>();
    const server = await startHttpTarget(
      ({ method, headers, body }) => {
        if (method !== "POST" || headers["content-type"] !== "application/json") throw new Error("no JSON by POST");
        new Webhook(SECRET).verify(body, headers as Record<string, string>);
        const records = JSON.parse(body) as { id: string; kind: string; event: { session_id: string } }[];
        if (records.some(({ event }) => event.session_id === "refused")) return { status: 422 };
        const id = `${headers["webhook-id"]}`;
        const known = messages.get(id);
        if (known !== undefined && known !== body) throw new Error(`another message with the id ${id}`);
        if (known === undefined) stored.push(...records.map((record) => record.id));
        messages.set(id, body);
        return { status: 204 };
      },
      { status: 503 },
    );
    return {
      ...server,
      sink: (await webhookSink({ url: `${server.origin}/hook`, secrets: ["HOOK_SECRET"] }).create({
        sink: "hook",
        features: [],
      })) as Sink,
      env: { HOOK_SECRET: SECRET },
      stored: () => stored,
    };
  },
};
