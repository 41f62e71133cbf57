import { type BatchAnswer, batch, type Envelope, type ReceivedBatch } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import type { Site } from "../config.ts";
import { whyNotMeasured } from "../door/consent.ts";
import { notJson } from "../door/read-body.ts";
import { Refusal } from "../door/refusal.ts";
import type { Sites } from "../door/sites.ts";
import type { Meter } from "../metrics/meter.ts";
import { type Env, sessionOf } from "../session/address.ts";
import type { Delivery, Receipt } from "../session/session.ts";
import { conforms } from "../verdict/conforms.ts";
import { explain } from "../verdict/explain.ts";
import { readEvents, type Split, splitUnread } from "./split.ts";

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw notJson(error);
  }
};

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

const deliver = async (env: Env, delivery: Delivery, sessionId: string): Promise<Receipt | undefined> => {
  try {
    return await sessionOf(env, delivery.site, sessionId).ingest(delivery);
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
  anonymousIdOf: (site: Site, envelope: Envelope) => string;
  /** UTC milliseconds by the collector's clock. */
  receivedAt: number;
  env: Env;
  meter: Meter;
}

/** Counts what became of a batch. */
const countBatch = (meter: Meter, site: string, receipt: Receipt): void => {
  meter.count("tidemark_events_accepted_total", { site }, receipt.accepted);
  meter.count("tidemark_events_duplicate_total", { site }, receipt.duplicates);
  for (const { code } of receipt.rejected) meter.count("tidemark_events_rejected_total", { site, code }, 1);
  for (const [reason, amount] of Object.entries(receipt.dropped))
    meter.count("tidemark_events_dropped_total", { site, reason }, amount);
  meter.count("tidemark_events_missing", { site }, receipt.missing_change);
};

/** Reads and checks a batch whole. @throws Refusal that says what is wrong with it. */
const splitRead = (body: string, { sites, origin }: Circumstances): Split => {
  const value = parse(body);
  sites.byKey(keyOf(value), origin);
  const { events, ...envelope } = batchOf(value);
  return { envelope, text: { envelope: JSON.stringify(envelope), events: JSON.stringify(events) } };
};

/** Lets a batch in, or not, and hands it to its session. Returns `undefined` when the session could not read the events. */
const take = async (
  { envelope, text }: Split,
  { sites, origin, gpc, anonymousIdOf, receivedAt, env, meter }: Circumstances,
): Promise<BatchAnswer | undefined> => {
  const { key, session_id, consent } = envelope;
  const site = sites.byKey(key, origin);
  const [named, own] = session_id.split(".");
  if (own !== undefined && named !== site.id) {
    throw new Refusal("foreign_session", `session_id: ${session_id} is not a session of site ${site.id}.`);
  }

  const unmeasured = whyNotMeasured(site, consent, gpc);
  if (unmeasured) {
    const refused = readEvents(text.events)?.length ?? 0;
    meter.count("tidemark_events_rejected_total", { site: site.id, code: "no_consent" }, refused);
    throw new Refusal("no_consent", unmeasured);
  }

  const anonymous_id = anonymousIdOf(site, envelope);
  const receipt = await deliver(env, { site: site.id, anonymous_id, received_at: receivedAt, ...text }, session_id);
  if (!receipt) return undefined;
  countBatch(meter, site.id, receipt);
  const { accepted, duplicates, rejected } = receipt;
  return { accepted, duplicates, rejected };
};

/**
 * Takes in the body of a request: whose it is, then one call to the session, which judges each event. What it returns is durable.
 *
 * @throws Refusal when the batch is unusable as a whole.
 */
export const ingest = async (body: string, circumstances: Circumstances): Promise<BatchAnswer> => {
  const unread = splitUnread(body);
  const answer = unread && (await take(unread, circumstances));
  if (answer) return answer;
  // Another client may have written it, or it is not a batch.
  const read = await take(splitRead(body, circumstances), circumstances);
  if (!read) throw new Error("the session could not read events that are a list of the contract's length");
  return read;
};
