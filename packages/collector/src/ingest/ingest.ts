import { type BatchAnswer, batch } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import { type Env, sessionOf } from "../session/address.ts";
import type { Delivery, Receipt } from "../session/session.ts";
import { explain } from "./explain.ts";
import { judge } from "./judge.ts";

const keyOf = (body: unknown): string => {
  const key = (body as { key?: unknown } | null)?.key;
  if (typeof key !== "string")
    throw new Refusal("unknown_key", "key is missing: a batch carries its site's public key.");
  return key;
};

const seqOf = (candidate: unknown): number | undefined => {
  const seq = (candidate as { seq?: unknown } | null)?.seq;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 ? (seq as number) : undefined;
};

const deliver = async (env: Env, site: string, sessionId: string, delivery: Delivery): Promise<Receipt> => {
  try {
    return await sessionOf(env, site, sessionId).ingest(delivery);
  } catch (error) {
    console.error("the session could not take a batch", error);
    throw new Refusal("unavailable", "The session could not take the batch; nothing of it was stored. Send it again.");
  }
};

/**
 * Takes in the body of a request: whose it is, what each event is worth, then one call to the session. What it returns is
 * durable.
 *
 * @throws Refusal when the batch is unusable as a whole.
 */
export const ingest = async (
  body: unknown,
  { sites, origin, receivedAt, env }: { sites: Sites; origin: string | undefined; receivedAt: number; env: Env },
): Promise<BatchAnswer> => {
  const site = sites.byKey(keyOf(body), origin);
  const parsed = batch.safeParse(body);
  if (!parsed.success) {
    throw new Refusal(
      "invalid_batch",
      `${explain(parsed.error, body).message} (contract version ${CONTRACT_VERSION}).`,
    );
  }
  const received = parsed.data;

  const [named, own] = received.session_id.split(".");
  if (own !== undefined && named !== site.id) {
    throw new Refusal("foreign_session", `session_id: ${received.session_id} is not a session of site ${site.id}.`);
  }

  const { valid, rejected } = judge(received);
  const receipt = await deliver(env, site.id, received.session_id, {
    tab_id: received.tab_id,
    sent_at: received.sent_at,
    received_at: receivedAt,
    events: valid,
    rejected_seqs: rejected.map(({ index }) => seqOf(received.events[index])).filter((seq) => seq !== undefined),
    dropped: received.dropped ?? [],
  });
  return {
    accepted: receipt.accepted,
    duplicates: receipt.duplicates,
    rejected: [...rejected, ...receipt.rejected].sort((a, b) => a.index - b.index),
  };
};
