import { type BatchResponse, batch, type Envelope, type ReceivedBatch } from "@tidemark/schema";
import { CONTRACT_VERSION } from "@tidemark/schema/limits";
import { measurementDenial } from "../access/consent.ts";
import type { TenantLookup } from "../access/tenant-lookup.ts";
import { type Env, sessionOf } from "../env.ts";
import { HttpError, invalidJson } from "../errors.ts";
import type { Meter } from "../metrics/meter.ts";
import type { Receipt, SessionBatch } from "../session/batch.ts";
import type { Tenant } from "../tenants.ts";
import { compileCheck } from "../wire/compile-check.ts";
import { explain } from "../wire/explain.ts";
import { readEvents, type SplitBatch, splitUnparsed } from "../wire/split.ts";

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw invalidJson(error);
  }
};

const keyOf = (body: unknown): string => {
  const key = (body as { key?: unknown } | null)?.key;
  if (typeof key !== "string")
    throw new HttpError("unknown_key", "key is missing: a batch carries its site's public key.");
  return key;
};

const isBatch = compileCheck(batch);

const batchOf = (body: unknown): ReceivedBatch => {
  if (isBatch(body)) return body as ReceivedBatch;
  const parsed = batch.safeParse(body);
  if (parsed.success) return parsed.data;
  const { message } = explain(parsed.error, body);
  throw new HttpError("invalid_batch", `${message} (contract version ${CONTRACT_VERSION}).`);
};

const sendToSession = async (
  env: Env,
  tenant: Tenant,
  sessionId: string,
  sessionBatch: SessionBatch,
): Promise<Receipt | undefined> => {
  try {
    return await sessionOf(env, tenant, sessionId).ingest(sessionBatch);
  } catch (error) {
    console.error("the session could not take a batch", error);
    throw new HttpError(
      "unavailable",
      "The session could not take the batch; nothing of it was stored. Send it again.",
    );
  }
};

/** A request, without its body. */
interface RequestContext {
  lookup: TenantLookup;
  origin: string | undefined;
  /** Whether the browser sends Global Privacy Control. */
  gpc: boolean;
  /** The browser's id: the one in the batch, or that of the site's cookie. */
  anonymousIdOf: (tenant: Tenant, envelope: Envelope) => string;
  /** UTC milliseconds by the collector's clock. */
  receivedAt: number;
  env: Env;
  meter: Meter;
}

/** Counts the events of a batch by their outcome. */
const countBatch = (meter: Meter, site: string, receipt: Receipt): void => {
  meter.count("tidemark_events_accepted_total", { site }, receipt.accepted);
  meter.count("tidemark_events_duplicate_total", { site }, receipt.duplicates);
  for (const { code } of receipt.rejected) meter.count("tidemark_events_rejected_total", { site, code }, 1);
  for (const [reason, amount] of Object.entries(receipt.dropped))
    meter.count("tidemark_events_dropped_total", { site, reason }, amount);
  meter.count("tidemark_events_missing", { site }, receipt.missing_change);
};

/** Reads and checks a batch whole. @throws HttpError that says what is wrong with it. */
const splitParsed = (body: string, { lookup, origin }: RequestContext): SplitBatch => {
  const value = parse(body);
  lookup.byKey(keyOf(value), origin);
  const { events, ...envelope } = batchOf(value);
  return { envelope, text: { envelope: JSON.stringify(envelope), events: JSON.stringify(events) } };
};

/** Checks a batch's envelope and hands the batch to its session. Returns `undefined` when the session could not read the events. */
const ingestSplit = async (
  { envelope, text }: SplitBatch,
  { lookup, origin, gpc, anonymousIdOf, receivedAt, env, meter }: RequestContext,
): Promise<BatchResponse | undefined> => {
  const { key, session_id, consent } = envelope;
  const tenant = lookup.byKey(key, origin);
  const { site } = tenant;
  const [named, own] = session_id.split(".");
  if (own !== undefined && named !== site.id) {
    throw new HttpError("foreign_session", `session_id: ${session_id} is not a session of site ${site.id}.`);
  }

  const denial = measurementDenial(site, consent, gpc);
  if (denial) {
    const refused = readEvents(text.events)?.length ?? 0;
    meter.count("tidemark_events_rejected_total", { site: site.id, code: "no_consent" }, refused);
    throw new HttpError("no_consent", denial);
  }

  const anonymous_id = anonymousIdOf(tenant, envelope);
  const sessionBatch: SessionBatch = { site: site.id, anonymous_id, received_at: receivedAt, ...text };
  const receipt = await sendToSession(env, tenant, session_id, sessionBatch);
  if (!receipt) return undefined;
  countBatch(meter, site.id, receipt);
  const { accepted, duplicates, rejected } = receipt;
  return { accepted, duplicates, rejected };
};

/**
 * Finds the tenant of a batch, checks its envelope, and hands it to its session, which validates each event. The returned counts are
 * durable.
 *
 * @throws HttpError when the batch is unusable as a whole.
 */
export const ingest = async (body: string, context: RequestContext): Promise<BatchResponse> => {
  const unparsed = splitUnparsed(body);
  const response = unparsed && (await ingestSplit(unparsed, context));
  if (response) return response;
  // Another client may have written it, or it is not a batch.
  const parsed = await ingestSplit(splitParsed(body, context), context);
  if (!parsed) throw new Error("the session could not read events that are a list of the contract's length");
  return parsed;
};
