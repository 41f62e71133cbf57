import { describe, expect, it } from "vitest";
import { bodyOf } from "../packages/collector/src/webhooks/message.ts";
import { RETRY_AFTER_MS } from "../packages/collector/src/webhooks/retry.ts";
import { type Key, keyOf, signedHeaders } from "../packages/collector/src/webhooks/sign.ts";
import { readDocs } from "./e2e/code-in-docs.ts";
import { expectReceiver } from "./webhooks/receiver-in-docs.ts";

const page = readDocs("webhooks.md");

const UNITS: Record<string, number> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

describe("docs/webhooks.md", () => {
  it("shows a receiver in Node that accepts the collector's messages, each once, and no others", () =>
    expectReceiver("ts", "receiver.ts", process.execPath));

  it("shows a message with the signature of its secret", async () => {
    const [, text = ""] = /```json\n(.*?)```/s.exec(page) ?? [];
    const headers = Object.fromEntries(
      [...page.matchAll(/^(webhook-\w+): (.+)$/gm)].map(([, name, value]) => [name, value]),
    );
    const { data } = JSON.parse(text);
    const message = { id: data.reaction_id, type: "reaction.fired", time: data.time, data };
    const body = bodyOf(message);
    expect(JSON.parse(body)).toEqual(JSON.parse(text));
    const key = keyOf(/`(whsec_[^`]+)`/.exec(page)?.[1] ?? "") as Key;
    expect(await signedHeaders({ id: message.id, body }, [key], Number(headers["webhook-timestamp"]) * 1_000)).toEqual(
      headers,
    );
  });

  it("lists the times between attempts", () => {
    const rows = [...page.matchAll(/^\| (\d) \| (\d+) (second|minute|hour)s? \|$/gm)];
    expect(rows.map(([, , amount, unit = ""]) => Number(amount) * (UNITS[unit] ?? 0))).toEqual(RETRY_AFTER_MS);
    expect(rows.map(([, attempt]) => Number(attempt))).toEqual(RETRY_AFTER_MS.map((_, index) => index + 2));
  });
});
