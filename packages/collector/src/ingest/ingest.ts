import { type BatchAnswer, batch, type ReceivedBatch, type Rejection } from "@tidemark/schema";
import { CONTRACT_VERSION, MAX_SEQ } from "@tidemark/schema/limits";
import type { Site } from "../config.ts";
import { whyNotMeasured } from "../door/consent.ts";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import { isPersonal } from "../engine/personal.ts";
import type { Meter } from "../metrics/meter.ts";
import { type Env, sessionOf } from "../session/address.ts";
import type { Delivery, Receipt } from "../session/session.ts";
import { conforms } from "./conforms.ts";
import { explain } from "./explain.ts";
import { judge } from "./judge.ts";

const keyOf = (body: unknown): string => {
  const key = (body as { key?: unknown } | null)?.key;
  if (typeof key !== "string")
    throw new Refusal("unknown_key", "key is missing: a batch carries its site's public key.");
  return key;
};

const isBatch = conforms(batch);

const batchOf = (body: unknown): ReceivedBatch => {
  if (isBatch(body)) return body as ReceivedBatch;
  const parsed = batch.safeParse(body);
  if (parsed.success) return parsed.data;
  const { message } = explain(parsed.error, body);
  throw new Refusal("invalid_batch", `${message} (contract version ${CONTRACT_VERSION}).`);
};

const seqOf = (candidate: unknown): number | undefined => {
  const seq = (candidate as { seq?: unknown } | null)?.seq;
  return Number.isSafeInteger(seq) && (seq as number) >= 0 && (seq as number) <= MAX_SEQ ? (seq as number) : undefined;
};

const deliver = async (env: Env, site: string, sessionId: string, delivery: Delivery): Promise<Receipt> => {
  try {
    return await sessionOf(env, site, sessionId).ingest(delivery);
  } catch (error) {
    console.error("the session could not take a batch", error);
    throw new Refusal("unavailable", "The session could not take the batch; nothing of it was stored. Send it again.");
  }
};

/** What there is to know of a request beside its body. */
interface Circumstances {
  sites: Sites;
  origin: string | undefined;
  /** Whether the browser sends Global Privacy Control. */
  gpc: boolean;
  /** Whose browser it is: the batch says so, or the site's cookie. */
  anonymousIdOf: (site: Site, batch: ReceivedBatch) => string;
  /** UTC milliseconds by the collector's clock. */
  receivedAt: number;
  env: Env;
  meter: Meter;
}

/** Counts what became of a batch. */
const countBatch = (meter: Meter, site: string, receipt: Receipt, rejected: Rejection[]): void => {
  meter.count("tidemark_events_accepted_total", { site }, receipt.accepted);
  meter.count("tidemark_events_duplicate_total", { site }, receipt.duplicates);
  for (const { code } of rejected) meter.count("tidemark_events_rejected_total", { site, code }, 1);
  for (const [reason, amount] of Object.entries(receipt.dropped))
    meter.count("tidemark_events_dropped_total", { site, reason }, amount);
  meter.count("tidemark_events_missing", { site }, receipt.missing_change);
};

/**
 * Takes in the body of a request, as text and as what it says: whose it is, what each event is worth, then one call to the
 * session. What it returns is durable.
 *
 * @throws Refusal when the batch is unusable as a whole.
 */
export const ingest = async (
  body: { text: string; value: unknown },
  { sites, origin, gpc, anonymousIdOf, receivedAt, env, meter }: Circumstances,
): Promise<BatchAnswer> => {
  const site = sites.byKey(keyOf(body.value), origin);
  const received = batchOf(body.value);

  const [named, own] = received.session_id.split(".");
  if (own !== undefined && named !== site.id) {
    throw new Refusal("foreign_session", `session_id: ${received.session_id} is not a session of site ${site.id}.`);
  }

  const { consent } = received;
  const unmeasured = whyNotMeasured(site, consent, gpc);
  if (unmeasured) {
    meter.count("tidemark_events_rejected_total", { site: site.id, code: "no_consent" }, received.events.length);
    throw new Refusal("no_consent", unmeasured);
  }

  const { valid, rejected } = judge(received);
  const receipt = await deliver(env, site.id, received.session_id, {
    site: site.id,
    session_id: received.session_id,
    anonymous_id: anonymousIdOf(site, received),
    user_id: isPersonal(consent) ? received.user_id : undefined,
    consent,
    tab_id: received.tab_id,
    sent_at: received.sent_at,
    received_at: receivedAt,
    body: body.text,
    valid,
    rejected_seqs: rejected.map(({ index }) => seqOf(received.events[index])).filter((seq) => seq !== undefined),
    dropped: received.dropped ?? [],
  });
  const refused = [...rejected, ...receipt.rejected].sort((a, b) => a.index - b.index);
  countBatch(meter, site.id, receipt, refused);
  return { accepted: receipt.accepted, duplicates: receipt.duplicates, rejected: refused };
};
