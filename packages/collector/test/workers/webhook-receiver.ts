import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { vi } from "vitest";
import { WEBHOOK } from "./worker.ts";

/** A message that the receiver got, and whose signatures it has verified. */
export interface VerifiedMessage {
  id: string;
  /** Time of the attempt, in UTC seconds. */
  timestamp: number;
  body: string;
}

const { HOOK_SECRET_NEW, HOOK_SECRET_OLD } = env as unknown as Record<string, string>;

/**
 * Puts a receiver of webhooks in place of `fetch`, until mocks are restored. It verifies each message with the new secret, and with
 * the old one. `respond` may wait, or throw a cut connection.
 *
 * @returns The messages, with repetitions.
 */
export const receiveWebhooks = (
  respond: (message: VerifiedMessage) => Response | Promise<Response> = () => new Response(null, { status: 204 }),
): VerifiedMessage[] => {
  const received: VerifiedMessage[] = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    if (String(input) !== WEBHOOK) return real(input, init);
    const headers = init?.headers as Record<string, string>;
    const body = String(init?.body);
    for (const secret of [HOOK_SECRET_NEW, HOOK_SECRET_OLD]) new Webhook(secret ?? "").verify(body, headers);
    const message = { id: headers["webhook-id"] ?? "", timestamp: Number(headers["webhook-timestamp"]), body };
    received.push(message);
    const aborted = new Promise<never>((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
    return Promise.race([respond(message), aborted]);
  });
  return received;
};
