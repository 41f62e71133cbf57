import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import { sendWebhook } from "../../packages/collector/src/webhooks/send.ts";
import { readDocs } from "../e2e/code-in-docs.ts";

const secretOf = (text: string): string => `whsec_${Buffer.from(text.padEnd(32)).toString("base64")}`;
const env = { NEW: secretOf("new"), OLD: secretOf("old"), OTHER: secretOf("other") };

/** The program of docs/webhooks.md in a language. */
const programIn = (language: string, name: string): string => {
  const block = new RegExp(`^\`\`\`${language}\\n(?://|#) ${name}\\n(.*?)^\`\`\`$`, "ms").exec(readDocs("webhooks.md"));
  return block?.[1] ?? "";
};

/**
 * Runs the receiver that docs/webhooks.md shows in a language, with an old secret, and checks that it does what the page says.
 *
 * @param command The program that runs files of the language.
 */
export const expectReceiver = async (language: string, name: string, command: string): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-webhook-"));
  const path = join(folder, name);
  writeFileSync(path, programIn(language, name));
  const port = await getPort();
  const child = spawn(command, [path], {
    env: { ...process.env, WEBHOOK_SECRET: env.OLD, PORT: `${port}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    await expect.poll(() => output, { timeout: 30_000 }).toBe("listens\n");
    const url = `http://127.0.0.1:${port}/`;
    const body = JSON.stringify({ type: "reaction.fired", data: { reaction: "offer_help", text: "Zoë ☂" } });
    const send = (id: string, secrets: string[], now = Date.now()) =>
      sendWebhook({ url, secrets }, env, { id, body }, now);
    const refused = { type: "refused", reason: "the receiver responded with status 401", status: 401 };

    expect(await send("message-1", ["OLD"])).toEqual({ type: "delivered" });
    expect(await send("message-1", ["NEW", "OLD"])).toEqual({ type: "delivered" });
    expect(await send("message-2", ["OTHER"])).toEqual(refused);
    expect(await send("message-3", ["OLD"], Date.now() - 310_000)).toEqual(refused);
    expect(await send("message-4", ["OLD"], Date.now() + 310_000)).toEqual(refused);
    expect(await send("message-5", ["NEW", "OTHER", "OLD"])).toEqual({ type: "delivered" });

    const post = async (headers: Record<string, string>, text = body) =>
      (await fetch(url, { method: "POST", headers, body: text })).status;
    const now = new Date();
    const headers = {
      "webhook-id": "message-6",
      "webhook-timestamp": `${Math.floor(now.getTime() / 1_000)}`,
      "webhook-signature": new Webhook(env.OLD).sign("message-6", now, body),
    };
    expect(await post(headers, body.replace("help", "cash"))).toBe(401);
    expect(await post({})).toBe(401);
    expect(await post({ ...headers, "webhook-timestamp": "soon" })).toBe(401);
    expect(await post({ ...headers, "webhook-signature": "v1," })).toBe(401);
    expect(await post({ ...headers, "webhook-signature": "v1,ü" })).toBe(401);
    expect(await post(headers)).toBe(204);
    // Each id once, and none that was refused.
    await expect.poll(() => output).toBe(`listens\n${"handles offer_help\n".repeat(3)}`);
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    rmSync(folder, { recursive: true });
  }
};
